using Flip.Config;
using static TorchSharp.torch;

namespace Flip.Models;

/// <summary>Texts of about one length.</summary>
/// <param name="Tokens">int64 ids, <c>[texts, length]</c>; only the tokens that are computed, unless <paramref name="IdsKeep"/> chooses them.</param>
/// <param name="Lengths">int64 valid tokens of each row, <c>[texts]</c>.</param>
/// <param name="IdsKeep">int64 kept positions, ascending, <c>[texts, kept]</c>; null for all.</param>
public sealed record TextGroup(Tensor Tokens, Tensor Lengths, Tensor? IdsKeep);

/// <summary>
/// The texts of a batch without the padding that no feature depends on: where padding is masked, or a token sees only those before it, and the
/// feature is not read behind the text, rows are sorted by length, and each group is as long as its longest text. The embeddings are those of the padded rows.
/// </summary>
public sealed class TextRows
{
    // Measured on a B/16 text tower: products of fewer rows cost more by the row than the padding that they save.
    private const int GroupTokens = 1024;

    private readonly Tensor? _places;

    private TextRows(IReadOnlyList<TextGroup> groups, Tensor? places, IReadOnlyList<int> computed) =>
        (Groups, _places, Computed) = (groups, places, computed);

    /// <summary>The texts, longest first where there are several groups.</summary>
    public IReadOnlyList<TextGroup> Groups { get; }

    /// <summary>Tokens that are computed for each text, in the groups' order.</summary>
    public IReadOnlyList<int> Computed { get; }

    /// <summary>Divides the texts of a batch.</summary>
    /// <param name="text">The tower.</param>
    /// <param name="tokens">Ids, padded, <c>[texts, length]</c>.</param>
    /// <param name="lengths">Valid tokens of each row, <c>[texts]</c>.</param>
    /// <param name="idsKeep">Kept positions, ascending, <c>[texts, kept]</c>; null for all.</param>
    /// <param name="device">Where the tensors are made.</param>
    /// <param name="groupTokens">Tokens that a group has at least, if it is not the last.</param>
    public static TextRows Of(
        TextConfig text, ReadOnlySpan<int> tokens, ReadOnlySpan<int> lengths, long[]? idsKeep, Device? device = null, int groupTokens = GroupTokens)
    {
        ArgumentNullException.ThrowIfNull(text);
        var count = lengths.Length;
        var (rowLength, kept) = (tokens.Length / count, (idsKeep?.Length ?? tokens.Length) / count);
        var needed = new int[count];
        var read = text is { Causal: true, Pooling: TextPooling.EndOfText } ? PooledToken.Positions(text, tokens, lengths) : null;
        for (var i = 0; i < count; i++)
        {
            var seen = read is null ? lengths[i] : read[i] + 1; // what follows the token that is read, it does not see
            needed[i] = text is { AttendPadding: true, Causal: false } or { Pooling: TextPooling.LastToken } ? kept
                : Math.Max(1, idsKeep is null ? Math.Min(seen, kept) : Valid(idsKeep.AsSpan(i * kept, kept), seen));
        }

        var order = Enumerable.Range(0, count).ToArray();
        var cuts = Cuts(order, needed, groupTokens);
        var (groups, computed) = (new List<TextGroup>(), new List<int>());
        for (var first = 0; first < count; first = cuts[groups.Count - 1])
        {
            var rows = order.AsSpan(first, cuts[groups.Count] - first);
            var length = 0;
            foreach (var row in rows)
            {
                length = Math.Max(length, needed[row]);
            }

            computed.AddRange(Enumerable.Repeat(length, rows.Length));
            groups.Add(new TextGroup(
                Rows(tokens, rowLength, rows, idsKeep is null ? length : rowLength, device),
                Rows(lengths, 1, rows, 1, device).view(-1),
                idsKeep is null ? null : Rows(idsKeep, kept, rows, length, device)));
        }

        return new TextRows(groups, groups.Count == 1 ? null : Places(order, device), computed);
    }

    /// <summary>Puts what was computed group by group into the order of the batch.</summary>
    /// <param name="ofGroups"><c>[texts of the group, D]</c> each.</param>
    /// <returns><c>[texts, D]</c></returns>
    public Tensor InOrder(IReadOnlyList<Tensor> ofGroups) => _places is null ? ofGroups[0] : cat([.. ofGroups]).index_select(0, _places);

    private static int Valid(ReadOnlySpan<long> keep, int length)
    {
        var valid = 0;
        while (valid < keep.Length && keep[valid] < length)
        {
            valid++;
        }

        return valid;
    }

    /// <summary>Sorts the rows, longest first, where they make more than one group; the end of each group.</summary>
    private static List<int> Cuts(int[] order, int[] needed, int groupTokens)
    {
        var sorted = order.OrderByDescending(row => needed[row]).ToArray(); // stable: the same rows give the same groups
        var (cuts, first) = (new List<int>(), 0);
        for (var i = 1; i < sorted.Length; i++)
        {
            var longest = needed[sorted[first]];
            if (needed[sorted[i]] < longest && (i - first) * longest >= groupTokens)
            {
                cuts.Add(i);
                first = i;
            }
        }

        if (cuts.Count > 0)
        {
            sorted.CopyTo(order, 0);
        }

        cuts.Add(sorted.Length);
        return cuts;
    }

    private static Tensor Rows<T>(ReadOnlySpan<T> source, int width, ReadOnlySpan<int> rows, int columns, Device? device)
        where T : System.Numerics.INumber<T>
    {
        var values = new long[rows.Length * columns];
        for (var i = 0; i < rows.Length; i++)
        {
            for (var column = 0; column < columns; column++)
            {
                values[(i * columns) + column] = long.CreateChecked(source[(rows[i] * width) + column]);
            }
        }

        return HostCopy.To(device, () => tensor(values)).view(rows.Length, columns);
    }

    private static Tensor Rows(long[] source, int width, ReadOnlySpan<int> rows, int columns, Device? device) =>
        Rows((ReadOnlySpan<long>)source, width, rows, columns, device);

    /// <summary>Where each row of the batch is among the sorted ones.</summary>
    private static Tensor Places(int[] order, Device? device)
    {
        var places = new long[order.Length];
        for (var i = 0; i < order.Length; i++)
        {
            places[order[i]] = i;
        }

        return HostCopy.To(device, () => tensor(places));
    }
}
