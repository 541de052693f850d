using System.Text;

namespace Flip.Tokenizers;

/// <summary>
/// SentencePiece's Unigram: of all ways to cut a text, the one whose pieces have the highest sum of scores (Viterbi). Sums are single numbers and
/// candidates double ones, as in SentencePiece, so that near ties fall the same way.
/// </summary>
internal sealed class UnigramSegmenter : IPieceSegmenter
{
    private const float UnknownPenalty = 10;
    private const double UserDefinedBonus = 0.1;

    private readonly string[] _texts; // in ordinal order
    private readonly int[] _ids;
    private readonly double[] _scores;
    private readonly Dictionary<char, (int From, int To)> _first = [];
    private readonly float _unknownScore;

    public UnigramSegmenter(SentencePieceModel model)
    {
        var pieces = model.Pieces
            .Select((piece, id) => (piece.Text, Id: id))
            .Where(piece => model.Pieces[piece.Id].Type is PieceType.Normal or PieceType.UserDefined)
            .OrderBy(piece => piece.Text, StringComparer.Ordinal)
            .ToList();
        (_texts, _ids) = ([.. pieces.Select(piece => piece.Text)], [.. pieces.Select(piece => piece.Id)]);
        for (var i = 0; i < _texts.Length; i++)
        {
            var first = _texts[i][0];
            _first[first] = (_first.TryGetValue(first, out var range) ? range.From : i, i + 1);
        }

        var scores = model.Pieces.Where(piece => piece.Type == PieceType.Normal).Select(piece => piece.Score).DefaultIfEmpty(0).ToList();
        var highest = scores.Max();
        _unknownScore = scores.Min() - UnknownPenalty;
        _scores = [.. _ids.Select(id => model.Pieces[id]).Select(piece =>
            piece.Type == PieceType.UserDefined ? (Encoding.UTF8.GetByteCount(piece.Text) * highest) - UserDefinedBonus : piece.Score)];
    }

    /// <inheritdoc/>
    public IEnumerable<(int Start, int Length, int Id)> Segment(string text)
    {
        var best = new (float Score, int Start, int Id)[text.Length + 1];
        Array.Fill(best, (0, -1, PieceSegments.Unknown));
        for (var start = 0; start < text.Length;)
        {
            Rune.DecodeFromUtf16(text.AsSpan(start), out _, out var letter);
            if (!Extend(text, start, letter, best))
            {
                Offer(best, start, letter, _unknownScore + best[start].Score, PieceSegments.Unknown);
            }

            start += letter;
        }

        var parts = new List<(int, int, int)>();
        for (var end = text.Length; end > 0; end = best[end].Start)
        {
            parts.Add((best[end].Start, end - best[end].Start, best[end].Id));
        }

        parts.Reverse();
        return parts;
    }

    /// <summary>Offers all pieces that begin at a place to the places where they end.</summary>
    /// <returns>Whether the letter there is one of them.</returns>
    private bool Extend(string text, int start, int letter, (float Score, int Start, int Id)[] best)
    {
        var single = false;
        if (!_first.TryGetValue(text[start], out var range))
        {
            return single;
        }

        for (var length = 1; range.From < range.To; length++)
        {
            if (_texts[range.From].Length == length) // it begins all others of the range, so it is the first
            {
                Offer(best, start, length, _scores[range.From] + best[start].Score, _ids[range.From]);
                range.From++;
                single |= length == letter;
            }

            if (range.From == range.To || start + length >= text.Length)
            {
                break;
            }

            range = Narrowed(range, length, text[start + length]);
        }

        return single;
    }

    private static void Offer((float Score, int Start, int Id)[] best, int start, int length, double score, int id)
    {
        ref var target = ref best[start + length];
        if (target.Start < 0 || score > target.Score)
        {
            target = ((float)score, start, id);
        }
    }

    /// <summary>The part of a range whose texts have a letter at a place; all of it is longer than that.</summary>
    private (int From, int To) Narrowed((int From, int To) range, int place, char letter)
    {
        if (_texts[range.From][place] == letter && _texts[range.To - 1][place] == letter)
        {
            return range; // all of it, in order
        }

        int First(char bound, int from)
        {
            var (low, high) = (from, range.To);
            while (low < high)
            {
                var middle = (low + high) >>> 1;
                (low, high) = _texts[middle][place] < bound ? (middle + 1, high) : (low, middle);
            }

            return low;
        }

        var from = First(letter, range.From);
        return (from, letter == char.MaxValue ? range.To : First((char)(letter + 1), from));
    }
}
