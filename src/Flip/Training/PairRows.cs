using Flip.Devices;
using Flip.Masking;
using Flip.Models;
using Flip.Randomness;
using static TorchSharp.torch;

namespace Flip.Training;

/// <summary>
/// What a step reads of some pairs, as the device wants it: pixels of kept patches, their indices, rows of text by length. All of it is a function
/// of the samples, so a loader's threads make it, in memory that the device copies from; a removed patch is never copied.
/// </summary>
public sealed class PairRows : IDisposable
{
    private readonly PairLayout _layout;
    private readonly int _kept;
    private readonly int _sent;
    private readonly bool _isMasked;
    private readonly HostBuffer<byte> _patches; // [pairs, sent, patchDim]
    private readonly HostBuffer<long> _numbers; // kept patches [pairs, kept], their places [pairs, patches], the texts'
    private readonly long[]? _keptTokens; // [pairs, kept tokens]
    private TextLayout? _texts;

    /// <summary>Room for pairs.</summary>
    /// <param name="layout">What is kept of them.</param>
    /// <param name="pairs">How many, 1 or more.</param>
    /// <param name="maskRatio">Share of each image's patches that is removed, [0, 1).</param>
    public PairRows(PairLayout layout, int pairs, double maskRatio)
    {
        ArgumentNullException.ThrowIfNull(layout);
        (_layout, Pairs, MaskRatio) = (layout, pairs, maskRatio);
        (_kept, _sent) = (layout.KeptPatches(maskRatio), layout.SentPatches(maskRatio));
        _isMasked = _kept < layout.Model.Image.PatchCount();
        _patches = new HostBuffer<byte>((long)pairs * _sent * layout.PatchDim, layout.Device);
        _numbers = new HostBuffer<long>(pairs * layout.NumbersOfPair(maskRatio), layout.Device);
        _keptTokens = layout.KeptTokens == layout.Model.Text.Length ? null : new long[pairs * layout.KeptTokens];
    }

    /// <summary>Number of pairs.</summary>
    public int Pairs { get; }

    /// <summary>Share of each image's patches that is removed.</summary>
    public double MaskRatio { get; }

    private int KeepCount => _isMasked ? Pairs * _kept : 0;

    private int RestoreCount => _isMasked && _layout.Reconstructs ? Pairs * _layout.Model.Image.PatchCount() : 0;

    /// <summary>The rows of pairs of a batch that has whole images, made here and now.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="start">The first pair.</param>
    /// <param name="count">How many.</param>
    /// <param name="layout">What is kept of them.</param>
    /// <param name="maskRatio">Share of each image's patches that is removed, [0, 1).</param>
    public static PairRows Of(Batch batch, int start, int count, PairLayout layout, double maskRatio)
    {
        ArgumentNullException.ThrowIfNull(batch);
        var rows = new PairRows(layout, count, maskRatio);
        var (pixels, length) = (batch.ImageSize * batch.ImageSize * 3, batch.TextLength);
        for (var i = 0; i < count; i++)
        {
            rows.Fill(
                i,
                batch.Images.AsSpan((start + i) * pixels, pixels),
                batch.Tokens.AsSpan((start + i) * length, length),
                batch.Lengths[start + i],
                batch.Epochs[start + i],
                batch.Samples[start + i]);
        }

        rows.Finish(batch.Tokens.AsMemory(start * length, count * length), batch.Lengths.AsMemory(start, count));
        return rows;
    }

    /// <summary>Fills one row. For several threads at once, each with rows of its own.</summary>
    /// <param name="row">The row.</param>
    /// <param name="image">RGB pixels 0..255, <c>[size, size, 3]</c>.</param>
    /// <param name="tokens">Ids, padded, <c>[length]</c>.</param>
    /// <param name="length">How many of them are valid.</param>
    /// <param name="epoch">Epoch of the sample.</param>
    /// <param name="sample">Index of the sample.</param>
    public void Fill(int row, ReadOnlySpan<byte> image, ReadOnlySpan<int> tokens, int length, int epoch, long sample)
    {
        var config = _layout.Model.Image;
        var keep = _isMasked ? _numbers.Span((long)row * _kept, _kept) : [];
        if (_isMasked)
        {
            var random = new CounterRandom(_layout.Seed, RandomPurpose.ImageMask, epoch, sample);
            PatchMask.Choose(config.MaskKind, config.GridSize(), keep, ref random);
        }

        if (RestoreCount > 0)
        {
            var patches = config.PatchCount();
            PatchMask.Restore(PatchMask.WithRemoved(keep, patches)).CopyTo(_numbers.Span(KeepCount + ((long)row * patches), patches));
        }

        var bytes = _sent * _layout.PatchDim;
        Patches.Copy(image, config.ImageSize, config.GridSize(), config.PatchSize, _layout.Reconstructs ? [] : keep, _patches.Span((long)row * bytes, bytes));
        if (_keptTokens is not null)
        {
            var random = new CounterRandom(_layout.Seed, RandomPurpose.TextMask, epoch, sample);
            var text = _layout.Model.Text;
            TextMask.Choose(
                text.MaskKind,
                tokens.Length,
                length,
                PooledToken.Position(text, tokens, length),
                _keptTokens.AsSpan(row * _layout.KeptTokens, _layout.KeptTokens),
                ref random);
        }
    }

    /// <summary>Divides the texts by length; called once all rows are filled.</summary>
    /// <param name="tokens">Ids, padded, <c>[pairs, length]</c>.</param>
    /// <param name="lengths">Valid tokens of each row, <c>[pairs]</c>.</param>
    public void Finish(ReadOnlyMemory<int> tokens, ReadOnlyMemory<int> lengths)
    {
        _texts = TextLayout.Of(_layout.Model.Text, tokens, lengths, _keptTokens, TextRows.GroupTokensOn(_layout.Device));
        _texts.Write(_numbers.Span(KeepCount + RestoreCount, _texts.Numbers));
    }

    /// <summary>Puts two copies into the device's queue: pixels and numbers. The rows may be filled again after the next wait.</summary>
    public StepInputs Send()
    {
        var texts = _texts ?? throw new InvalidOperationException("The rows are not finished.");
        var patches = _patches.Send(Pairs, _sent, _layout.PatchDim);
        var numbers = _numbers.Send(KeepCount + RestoreCount + texts.Numbers);
        return new StepInputs(
            patches,
            texts.On(numbers.narrow(0, KeepCount + RestoreCount, texts.Numbers)),
            _isMasked ? numbers.narrow(0, 0, KeepCount).view(Pairs, _kept) : null,
            RestoreCount > 0 ? numbers.narrow(0, KeepCount, RestoreCount).view(Pairs, -1) : null);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _patches.Dispose();
        _numbers.Dispose();
    }
}
