using Flip.Config;
using static TorchSharp.torch;

namespace Flip.Models;

/// <summary>
/// Where in a row the feature of a text is read. Without an id for the end marker (a tower that no tokenizer was given to) it is the last
/// valid token, which the tokenizer's own marker is.
/// </summary>
public static class PooledToken
{
    /// <summary>The position of each text.</summary>
    /// <param name="text">The tower.</param>
    /// <param name="tokens">Ids, padded, <c>[texts, length]</c>.</param>
    /// <param name="lengths">Valid tokens of each row, <c>[texts]</c>.</param>
    /// <returns><c>[texts]</c>, in [0, length); 0 for a mean, which no single token is.</returns>
    public static int[] Positions(TextConfig text, ReadOnlySpan<int> tokens, ReadOnlySpan<int> lengths)
    {
        ArgumentNullException.ThrowIfNull(text);
        var positions = new int[lengths.Length];
        var length = tokens.Length / Math.Max(1, lengths.Length);
        for (var i = 0; i < positions.Length; i++)
        {
            positions[i] = Position(text, tokens.Slice(i * length, length), lengths[i]);
        }

        return positions;
    }

    /// <summary>The position of one text, see <see cref="Positions(TextConfig, ReadOnlySpan{int}, ReadOnlySpan{int})"/>.</summary>
    internal static int Position(TextConfig text, ReadOnlySpan<int> row, int length)
    {
        if (text.Pooling != TextPooling.EndOfText)
        {
            return text.Pooling == TextPooling.LastToken ? row.Length - 1 : 0;
        }

        var valid = row[..Math.Min(row.Length, length)];
        return text switch
        {
            { EndOfText: EndOfTextRule.Argmax } => Largest(valid),
            { EosTokenId: { } end } => Math.Max(0, valid.IndexOf(end)), // no marker: the first token, as the maximum of nothing but falsehoods
            _ => Math.Max(0, valid.Length - 1),
        };
    }

    /// <summary>The same among kept tokens, as a tensor.</summary>
    /// <param name="text">The tower, whose feature is read at the end of the text.</param>
    /// <param name="ids">int64 ids of the kept tokens, <c>[texts, kept]</c>.</param>
    /// <param name="valid">True where they are valid, <c>[texts, kept]</c>; the valid ones come first.</param>
    /// <returns>int64, <c>[texts]</c>.</returns>
    internal static Tensor Positions(TextConfig text, Tensor ids, Tensor valid) => text switch
    {
        // Padding may have any id, so it counts as -1. torch takes the first of equal maxima.
        { EndOfText: EndOfTextRule.Argmax } => ids.Plus(1L).mul(valid.to(ScalarType.Int64)).argmax(1),
        { EosTokenId: { } end } => ids.Is(end).logical_and(valid).to(ScalarType.Int64).argmax(1),
        _ => valid.sum(1).Plus(-1L).AtLeast(0),
    };

    private static int Largest(ReadOnlySpan<int> ids)
    {
        var largest = 0;
        for (var i = 1; i < ids.Length; i++)
        {
            largest = ids[i] > ids[largest] ? i : largest;
        }

        return largest;
    }
}
