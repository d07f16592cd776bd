namespace HmsOps.App.Settings;

/// <summary>A secret's value. It prints <c>***</c> wherever it is formatted; only <see cref="Reveal"/> gives it away, to be called where it is sent.</summary>
public readonly struct Secret(string value) : IEquatable<Secret>
{
    private readonly string? _value = value;

    /// <summary>The value itself.</summary>
    public string Reveal() => _value ?? "";

    public bool Equals(Secret other) => Reveal() == other.Reveal();

    public override bool Equals(object? obj) => obj is Secret other && Equals(other);

    public override int GetHashCode() => 0; // a hash of a secret says something about it

    public override string ToString() => "***";

    public static bool operator ==(Secret left, Secret right) => left.Equals(right);

    public static bool operator !=(Secret left, Secret right) => !left.Equals(right);
}
