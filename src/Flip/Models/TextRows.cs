using Flip.Config;
using Flip.Devices;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Models;

/// <summary>Texts of about one length.</summary>
/// <param name="Tokens">int64 ids, <c>[texts, length]</c>; only the tokens that are computed, unless <paramref name="IdsKeep"/> chooses them.</param>
/// <param name="Lengths">int64 valid tokens of each row, <c>[texts]</c>.</param>
/// <param name="IdsKeep">int64 kept positions, ascending, <c>[texts, kept]</c>; null for all.</param>
/// <param name="IsPadded">Some of the computed tokens are padding. Without, attention needs no mask where padding is masked.</param>
public sealed record TextGroup(Tensor Tokens, Tensor Lengths, Tensor? IdsKeep, bool IsPadded = true);

/// <summary>
/// The texts of a batch without the padding that no feature depends on: where padding is masked, or a token sees only those before it, and the
/// feature is not read behind the text, rows are sorted by length, and each group is as long as its longest text. The embeddings are those of the padded rows.
/// </summary>
public sealed class TextRows
{
    // Measured on a B/16 text tower: products of fewer rows cost more by the row than the padding that they save.
    private const int GroupTokens = 1024;

    // A GPU is idle in short products, and each shape costs launches: a batch of 4096 texts is two or three groups.
    private const int GroupTokensOfGpu = 1 << 16;

    private readonly Tensor? _places;

    internal TextRows(IReadOnlyList<TextGroup> groups, Tensor? places, IReadOnlyList<int> computed) =>
        (Groups, _places, Computed) = (groups, places, computed);

    /// <summary>The texts, longest first where there are several groups.</summary>
    public IReadOnlyList<TextGroup> Groups { get; }

    /// <summary>Tokens that are computed for each text, in the groups' order.</summary>
    public IReadOnlyList<int> Computed { get; }

    /// <summary>All that it holds.</summary>
    internal IEnumerable<Tensor> Tensors =>
        Groups.SelectMany(group => new[] { group.Tokens, group.Lengths, group.IdsKeep }).Append(_places).OfType<Tensor>();

    /// <summary>Tokens that a group of texts should have at least on a device.</summary>
    /// <param name="device">The device; null for the processor.</param>
    public static int GroupTokensOn(Device? device) => device is { type: DeviceType.CUDA } ? GroupTokensOfGpu : GroupTokens;

    /// <summary>Divides the texts of a batch.</summary>
    /// <param name="text">The tower.</param>
    /// <param name="tokens">Ids, padded, <c>[texts, length]</c>.</param>
    /// <param name="lengths">Valid tokens of each row, <c>[texts]</c>.</param>
    /// <param name="idsKeep">Kept positions, ascending, <c>[texts, kept]</c>; null for all.</param>
    /// <param name="device">Where the tensors are made; null for the processor.</param>
    /// <param name="groupTokens">Tokens that a group has at least, if it is not the last; 0 takes the device's.</param>
    public static TextRows Of(
        TextConfig text, ReadOnlyMemory<int> tokens, ReadOnlyMemory<int> lengths, long[]? idsKeep, Device? device = null, int groupTokens = 0)
    {
        var layout = TextLayout.Of(text, tokens, lengths, idsKeep, groupTokens > 0 ? groupTokens : GroupTokensOn(device));
        using var numbers = new HostBuffer<long>(layout.Numbers, device ?? CPU);
        layout.Write(numbers.Span(0, layout.Numbers));
        return layout.On(numbers.Send(layout.Numbers));
    }

    /// <summary>Puts what was computed group by group into the order of the batch.</summary>
    /// <param name="ofGroups"><c>[texts of the group, D]</c> each.</param>
    /// <returns><c>[texts, D]</c></returns>
    public Tensor InOrder(IReadOnlyList<Tensor> ofGroups) => _places is null ? ofGroups[0] : cat([.. ofGroups]).index_select(0, _places);
}
