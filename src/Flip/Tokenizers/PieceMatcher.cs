namespace Flip.Tokenizers;

/// <summary>Finds which of some texts stands at the beginning of another one; of several the longest.</summary>
internal sealed class PieceMatcher
{
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _ids;
    private readonly Dictionary<char, int[]> _lengths; // by first letter, the longest first

    public PieceMatcher(IEnumerable<(string Text, int Id)> texts)
    {
        var ids = texts.ToDictionary(text => text.Text, text => text.Id, StringComparer.Ordinal);
        _ids = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        _lengths = ids.Keys.GroupBy(text => text[0]).ToDictionary(group => group.Key, group => group.Select(text => text.Length).Distinct().OrderDescending().ToArray());
    }

    /// <summary>The id of the longest text at the beginning; negative where there is none.</summary>
    /// <param name="text">The text to look at.</param>
    /// <param name="length">Its length; 0 where there is none.</param>
    public int Longest(ReadOnlySpan<char> text, out int length)
    {
        if (_lengths.Count > 0 && !text.IsEmpty && _lengths.TryGetValue(text[0], out var lengths))
        {
            foreach (var candidate in lengths)
            {
                if (candidate <= text.Length && _ids.TryGetValue(text[..candidate], out var id))
                {
                    length = candidate;
                    return id;
                }
            }
        }

        length = 0;
        return -1;
    }
}
