namespace Flip.Data.Formats;

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
internal static class WebDatasetName
{
    /// <summary>Splits a member's name; false for names without key or extension (<c>README</c>, <c>._photo.jpg</c>).</summary>
    public static bool TrySplit(string name, out string key, out MemberKind kind)
    {
        var start = name.LastIndexOf('/') + 1;
        var dot = name.IndexOf('.', start);
        if (dot <= start)
        {
            (key, kind) = ("", MemberKind.Other);
            return false;
        }

        key = name[..dot];
        kind = name[(dot + 1)..].ToUpperInvariant() switch
        {
            "JPG" or "JPEG" or "PNG" or "WEBP" => MemberKind.Image,
            "TXT" => MemberKind.Text,
            "JSON" => MemberKind.Json,
            "CLS" => MemberKind.Class,
            _ => MemberKind.Other,
        };
        return true;
    }
}
