namespace Flip.Data.Shards;

/// <summary>The part of a sample that a file name's extension says.</summary>
internal enum MemberKind
{
    Other,
    Image,
    Text,
    Json,
    Class,
}

/// <summary>
/// WebDataset's naming: the key is the path up to the first dot behind the last slash, the rest is the extension. A key is a
/// name only, nothing is ever written or opened by it, so a path such as <c>../../x</c> does no harm.
/// </summary>
/// <param name="Name">The whole name.</param>
/// <param name="FirstDot">The dot that ends the key; below zero where the name has no key or no extension.</param>
/// <param name="LastDot">The dot before the last extension, which ends the key of a name that has dots of its own (<c>2023.05.01.jpg</c>).</param>
internal readonly record struct WebDatasetName(string Name, int FirstDot, int LastDot)
{
    /// <summary>Splits a member's name.</summary>
    public static WebDatasetName Of(string name)
    {
        var start = name.LastIndexOf('/') + 1;
        var dot = name.IndexOf('.', start);
        return new WebDatasetName(name, dot > start ? dot : -1, name.LastIndexOf('.') is var last && last > start ? last : -1);
    }

    /// <summary>Whether it begins with a dot: systems' own files.</summary>
    public bool IsHidden => File.StartsWith('.');

    /// <summary>Whether it has the attributes of another file, as macOS writes them beside it; it looks like an image, <c>._photo.jpg</c>.</summary>
    public bool IsAttributes => File.StartsWith("._");

    private ReadOnlySpan<char> File => Name.AsSpan(Name.LastIndexOf('/') + 1);

    /// <summary>The kind that the extension behind the first dot says.</summary>
    public MemberKind Kind => FirstDot < 0 ? MemberKind.Other : KindOf(Name.AsSpan(FirstDot + 1));

    /// <summary>The kind that the last extension says, also of a hidden file.</summary>
    public MemberKind LastKind => LastDot < 0 ? MemberKind.Other : KindOf(Name.AsSpan(LastDot + 1));

    private static MemberKind KindOf(ReadOnlySpan<char> extension)
    {
        Span<char> upper = stackalloc char[8];
        return extension.Length > upper.Length ? MemberKind.Other : upper[..extension.ToUpperInvariant(upper)] switch
        {
            "JPG" or "JPEG" or "PNG" or "WEBP" => MemberKind.Image,
            "TXT" => MemberKind.Text,
            "JSON" => MemberKind.Json,
            "CLS" => MemberKind.Class,
            _ => MemberKind.Other,
        };
    }
}
