using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Rendering;

namespace HmsOps.Present.Web.Charts;

/// <summary>A <c>text</c> element of SVG. In a block of Razor code that tag means something else, so it is made here.</summary>
public sealed class SvgText : ComponentBase
{
    [Parameter, EditorRequired] public required string Class { get; set; }

    [Parameter, EditorRequired] public required string X { get; set; }

    [Parameter, EditorRequired] public required string Y { get; set; }

    [Parameter, EditorRequired] public required string Text { get; set; }

    protected override void BuildRenderTree(RenderTreeBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.OpenElement(0, "text");
        builder.AddAttribute(1, "class", Class);
        builder.AddAttribute(2, "x", X);
        builder.AddAttribute(3, "y", Y);
        builder.AddContent(4, Text);
        builder.CloseElement();
    }
}
