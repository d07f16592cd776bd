using System.Text;

namespace HmsOps.Processes.Scripts;

/// <summary>
/// Which program reads a script: the one its <c>#!</c> line names, as the kernel would read that line, else the one its extension
/// stands for. The file need not be executable, for it is never executed itself.
/// </summary>
internal static class Interpreter
{
    // The kernel's own limit (BINPRM_BUF_SIZE): a longer line it would cut.
    private const int LineMax = 255;

    /// <summary>The program and its option, or why there is none.</summary>
    public static (IReadOnlyList<string> Command, string? Objection) Find(string path, ReadOnlySpan<byte> content)
    {
        var (command, objection) = content.StartsWith("#!"u8) ? FromLine(path, content[2..]) : FromExtension(path);
        if (objection is null && !File.Exists(command[0]))
            objection = $"{path} asks for {command[0]}, which is not on this machine: install it, or name another in its first line.";
        return (command, objection);
    }

    private static (IReadOnlyList<string> Command, string? Objection) FromLine(string path, ReadOnlySpan<byte> content)
    {
        var end = content.IndexOf((byte)'\n');
        var bytes = end < 0 ? content : content[..end];
        if (bytes.Length > LineMax)
            return ([], $"{path}: the first line is longer than {LineMax} bytes.");
        var line = Encoding.UTF8.GetString(bytes);
        if (line.EndsWith('\r'))
            return ([], $"{path}: the first line ends in a carriage return, as Windows writes it: save the file with Unix line ends.");

        // One option at most: the kernel hands over the rest of the line in one piece.
        var text = line.Trim(' ', '\t');
        var blank = text.AsSpan().IndexOfAny(' ', '\t');
        var program = blank < 0 ? text : text[..blank];
        // '=' would make env, through which the shim starts it, take the name for a variable.
        if (!program.StartsWith('/') || program.Contains('=') || line.Contains('\0'))
            return ([], $"{path}: the first line names no program by an absolute path: begin it with #!/bin/sh or the like.");
        return blank < 0 ? ([program], null) : ([program, text[blank..].Trim(' ', '\t')], null);
    }

    private static (IReadOnlyList<string> Command, string? Objection) FromExtension(string path) => Path.GetExtension(path) switch
    {
        ".sh" => (["/bin/sh"], null),
        ".py" => (["/usr/bin/python3"], null),
        _ => ([], $"{path} does not say which program reads it: begin it with a line such as #!/bin/sh, or name it .sh or .py."),
    };
}
