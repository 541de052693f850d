using System.Text;

namespace Flip.Tokenizers;

/// <summary>
/// SentencePiece's byte-pair encoding: neighbours whose joint piece has the highest score are merged, among equals the leftmost, until none are pieces;
/// or by a list of merges, as Hugging Face does. Parts are a linked list and candidates a heap, so the time is n log n.
/// </summary>
internal sealed class BytePairSegmenter : IPieceSegmenter
{
    private readonly SentencePieceModel _model;
    private readonly PieceMatcher _userDefined;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _ids;

    public BytePairSegmenter(SentencePieceModel model, PieceMatcher userDefined)
    {
        (_model, _userDefined) = (model, userDefined);
        _ids = model.Ids
            .Where(piece => model.Pieces[piece.Value].Type is PieceType.Normal or PieceType.UserDefined)
            .ToDictionary(StringComparer.Ordinal)
            .GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <inheritdoc/>
    public IEnumerable<(int Start, int Length, int Id)> Segment(string text)
    {
        var parts = Letters(text);
        var candidates = new PriorityQueue<(int Left, int Right, int Length, int Id), (double Order, int Place)>();
        void Consider(int left)
        {
            if (left < 0 || parts[left].Next < 0 || parts[left].Frozen || parts[parts[left].Next].Frozen)
            {
                return;
            }

            var (one, other) = (parts[left], parts[parts[left].Next]);
            var length = one.Length + other.Length;
            if (TryMerge(text.AsSpan(one.Start, length), one.Id, other.Id) is var (order, id))
            {
                candidates.Enqueue((left, one.Next, length, id), (order, left));
            }
        }

        for (var i = 0; i < parts.Count; i++)
        {
            Consider(i);
        }

        while (candidates.TryDequeue(out var candidate, out _))
        {
            var (left, right) = (parts[candidate.Left], parts[candidate.Right]);
            if (left.Length == 0 || right.Length == 0 || left.Length + right.Length != candidate.Length)
            {
                continue; // one of them has changed since
            }

            parts[candidate.Left] = left with { Length = candidate.Length, Next = right.Next, Id = candidate.Id };
            parts[candidate.Right] = right with { Length = 0 };
            if (right.Next >= 0)
            {
                parts[right.Next] = parts[right.Next] with { Previous = candidate.Left };
            }

            Consider(left.Previous);
            Consider(candidate.Left);
        }

        return parts.Where(part => part.Length > 0).Select(part => (part.Start, part.Length, part.Id));
    }

    /// <summary>What the merge of two neighbours becomes, and its order: the smallest comes first. Null where they are not merged.</summary>
    private (double Order, int Id)? TryMerge(ReadOnlySpan<char> joint, int left, int right)
    {
        if (_model.Merges is { } merges)
        {
            return merges.TryGetValue((left, right), out var merge) ? (merge.Rank, merge.Id) : null;
        }

        return joint.Length <= TokenizerLimits.PieceLength && _ids.TryGetValue(joint, out var id) ? (-(double)_model.Pieces[id].Score, id) : null;
    }

    /// <summary>A text's letters, and the pieces in it that are never merged.</summary>
    private List<Part> Letters(string text)
    {
        var parts = new List<Part>(text.Length);
        for (var start = 0; start < text.Length; start += parts[^1].Length)
        {
            var id = _userDefined.Longest(text.AsSpan(start), out var length);
            var frozen = id >= 0;
            if (!frozen)
            {
                Rune.DecodeFromUtf16(text.AsSpan(start), out _, out length);
                id = _ids.TryGetValue(text.AsSpan(start, length), out var found) ? found : PieceSegments.Unknown;
            }

            parts.Add(new Part(start, length, id, parts.Count - 1, start + length < text.Length ? parts.Count + 1 : -1, frozen));
        }

        return parts;
    }

    /// <summary>A part of the text; one without length has become part of another.</summary>
    private readonly record struct Part(int Start, int Length, int Id, int Previous, int Next, bool Frozen);
}
