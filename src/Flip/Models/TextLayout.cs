using Flip.Config;
using static TorchSharp.torch;

namespace Flip.Models;

/// <summary>
/// How the texts of a batch are divided into <see cref="TextRows"/>, and their numbers one after another as a device gets them in one copy. A loader's
/// thread makes it.
/// </summary>
internal sealed class TextLayout
{
    private readonly ReadOnlyMemory<int> _tokens;
    private readonly ReadOnlyMemory<int> _lengths;
    private readonly long[]? _idsKeep;
    private readonly int _rowLength;
    private readonly int _kept;
    private readonly int[] _order;
    private readonly List<Group> _groups;

    private TextLayout(ReadOnlyMemory<int> tokens, ReadOnlyMemory<int> lengths, long[]? idsKeep, int[] order, List<Group> groups)
    {
        (_tokens, _lengths, _idsKeep, _order, _groups) = (tokens, lengths, idsKeep, order, groups);
        (_rowLength, _kept) = (tokens.Length / lengths.Length, (idsKeep?.Length ?? tokens.Length) / lengths.Length);
        Numbers = groups.Sum(group => group.Rows * (Columns(group) + 1 + (idsKeep is null ? 0 : group.Length)))
            + (groups.Count > 1 ? order.Length : 0);
    }

    /// <summary>How many numbers <see cref="Write"/> writes.</summary>
    public int Numbers { get; }

    /// <inheritdoc cref="TextRows.Of"/>
    public static TextLayout Of(TextConfig text, ReadOnlyMemory<int> tokens, ReadOnlyMemory<int> lengths, long[]? idsKeep, int groupTokens)
    {
        ArgumentNullException.ThrowIfNull(text);
        var valid = Valid(lengths.Span, tokens.Length / lengths.Length, idsKeep);
        var needed = Needed(text, tokens.Span, lengths.Span, idsKeep, valid);
        var order = Enumerable.Range(0, needed.Length).ToArray();
        return new TextLayout(tokens, lengths, idsKeep, order, Groups(order, needed, valid, groupTokens));
    }

    /// <summary>Writes the groups' tokens, lengths and kept positions, and the places of the texts.</summary>
    /// <param name="to"><see cref="Numbers"/> entries.</param>
    public void Write(Span<long> to)
    {
        var (first, written) = (0, 0);
        foreach (var group in _groups)
        {
            var rows = _order.AsSpan(first, group.Rows);
            written += Rows(_tokens.Span, _rowLength, rows, Columns(group), to[written..]);
            written += Rows(_lengths.Span, 1, rows, 1, to[written..]);
            written += _idsKeep is null ? 0 : Rows((ReadOnlySpan<long>)_idsKeep, _kept, rows, group.Length, to[written..]);
            first += group.Rows;
        }

        for (var i = 0; _groups.Count > 1 && i < _order.Length; i++)
        {
            to[written + _order[i]] = i;
        }
    }

    /// <summary>The rows as tensors.</summary>
    /// <param name="numbers">int64, what <see cref="Write"/> wrote, on the device.</param>
    public TextRows On(Tensor numbers)
    {
        var taken = 0L;
        Tensor Next(params long[] shape)
        {
            var count = shape.Aggregate(1L, (product, size) => product * size);
            taken += count;
            return numbers.narrow(0, taken - count, count).view(shape);
        }

        var groups = _groups.ConvertAll(group => new TextGroup(
            Next(group.Rows, Columns(group)),
            Next(group.Rows),
            _idsKeep is null ? null : Next(group.Rows, group.Length),
            group.IsPadded));
        return new TextRows(
            groups,
            groups.Count > 1 ? Next(_order.Length) : null,
            [.. _groups.SelectMany(group => Enumerable.Repeat(group.Length, group.Rows))]);
    }

    private int Columns(Group group) => _idsKeep is null ? group.Length : _rowLength;

    /// <summary>Kept tokens of each text that are no padding, at least 1: the first counts even in an empty caption.</summary>
    private static int[] Valid(ReadOnlySpan<int> lengths, int rowLength, long[]? idsKeep)
    {
        var kept = idsKeep is null ? rowLength : idsKeep.Length / lengths.Length;
        var valid = new int[lengths.Length];
        for (var i = 0; i < valid.Length; i++)
        {
            valid[i] = Math.Max(1, KeptBelow(lengths[i], kept, idsKeep, i));
        }

        return valid;
    }

    /// <summary>Tokens of each text that its feature depends on, at least 1.</summary>
    private static int[] Needed(TextConfig text, ReadOnlySpan<int> tokens, ReadOnlySpan<int> lengths, long[]? idsKeep, int[] valid)
    {
        var kept = (idsKeep?.Length ?? tokens.Length) / lengths.Length;
        if (text is { AttendPadding: true, Causal: false } or { Pooling: TextPooling.LastToken })
        {
            return [.. Enumerable.Repeat(kept, valid.Length)];
        }

        if (text is not { Causal: true, Pooling: TextPooling.EndOfText })
        {
            return valid;
        }

        var read = PooledToken.Positions(text, tokens, lengths);
        var needed = new int[valid.Length];
        for (var i = 0; i < needed.Length; i++)
        {
            needed[i] = Math.Max(1, KeptBelow(read[i] + 1, kept, idsKeep, i)); // what follows the token that is read, it does not see
        }

        return needed;
    }

    /// <summary>How many kept positions of a text lie before a position.</summary>
    private static int KeptBelow(int position, int kept, long[]? idsKeep, int text)
    {
        if (idsKeep is null)
        {
            return Math.Min(position, kept);
        }

        var below = 0;
        while (below < kept && idsKeep[(text * kept) + below] < position)
        {
            below++;
        }

        return below;
    }

    /// <summary>Sorts the rows, longest first, where they make more than one group.</summary>
    private static List<Group> Groups(int[] order, int[] needed, int[] valid, int groupTokens)
    {
        var sorted = order.OrderByDescending(row => needed[row]).ToArray(); // stable: the same rows give the same groups
        var (groups, first) = (new List<Group>(), 0);
        for (var i = 1; i <= sorted.Length; i++)
        {
            var longest = needed[sorted[first]];
            if (i == sorted.Length || (needed[sorted[i]] < longest && (i - first) * longest >= groupTokens))
            {
                groups.Add(new Group(i - first, longest, sorted[first..i].Any(row => valid[row] < longest)));
                first = i;
            }
        }

        if (groups.Count > 1)
        {
            sorted.CopyTo(order, 0);
        }

        return groups;
    }

    private static int Rows<T>(ReadOnlySpan<T> source, int width, ReadOnlySpan<int> rows, int columns, Span<long> to)
        where T : System.Numerics.INumber<T>
    {
        for (var i = 0; i < rows.Length; i++)
        {
            for (var column = 0; column < columns; column++)
            {
                to[(i * columns) + column] = long.CreateChecked(source[(rows[i] * width) + column]);
            }
        }

        return rows.Length * columns;
    }

    /// <summary>Neighbours in the order.</summary>
    /// <param name="Rows">Texts.</param>
    /// <param name="Length">Tokens that are computed of each.</param>
    /// <param name="IsPadded">Not all texts have so many tokens.</param>
    private readonly record struct Group(int Rows, int Length, bool IsPadded);
}
