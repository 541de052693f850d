using System.Globalization;
using Flip.Config;
using Flip.Devices;
using Flip.Masking;
using Flip.Randomness;
using static TorchSharp.torch;

namespace Flip.Models;

/// <summary>How images are seen at inference (paper, table 2a).</summary>
public enum InferenceMask
{
    /// <summary>Whole images, the default.</summary>
    None,

    /// <summary>One mask of the training ratio and the training's kind.</summary>
    Masked,

    /// <summary>
    /// Complementary masks of the training ratio that together show every patch; the mean of their features. Random whatever the
    /// training's kind, as in the paper: blocks do not complement each other.
    /// </summary>
    Ensemble,
}

/// <summary>
/// A <see cref="FlipModel"/> as an encoder over plain memory, without graph, unmasked or with one of the paper's inference masks. A mask
/// depends on the image's place among those this encoder has seen, so a repeatable evaluation begins with a new encoder.
/// </summary>
/// <param name="model">The model; not owned.</param>
/// <param name="mask">How images are seen.</param>
/// <param name="maskRatio">Share of patches removed, for a mask; null takes the configured training ratio.</param>
/// <param name="seed">Seed of the masks.</param>
/// <param name="imagesSeen">Images that an encoder before this one has seen, whose work it continues.</param>
/// <exception cref="ConfigException">The mask would remove no patch, or leave none.</exception>
public sealed class InferenceEncoder(
    FlipModel model, InferenceMask mask = InferenceMask.None, double? maskRatio = null, ulong seed = 0, long imagesSeen = 0)
    : IDualEncoder, IImageFeatures
{
    private readonly ImageConfig _image = model.Config.Image;
    private readonly int _kept = mask == InferenceMask.None
        ? model.Config.Image.PatchCount()
        : Kept(model.Config.Image, mask, maskRatio ?? model.Config.Image.MaskRatio);

    private long _imagesSeen = imagesSeen;

    /// <inheritdoc/>
    public int ImageSize => _image.ImageSize;

    /// <inheritdoc/>
    public int TextLength => model.Config.Text.Length;

    /// <inheritdoc/>
    public int EmbedDim => model.Config.EmbedDim;

    /// <inheritdoc/>
    public int FeatureDim => _image.Width;

    /// <summary>The model's factor on cosine similarities, at least 1 in a trained one.</summary>
    public double LogitScale()
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return DeviceTraffic.Read(model.LogitFactor())[0];
    }

    /// <summary>What the model adds to scaled cosines; null unless it was trained with the sigmoid loss.</summary>
    public double? LogitBias()
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return model.LogitBias is { } bias ? DeviceTraffic.Read(bias.Value)[0] : null;
    }

    /// <inheritdoc/>
    public PendingResult SubmitImages(ReadOnlyMemory<byte> pixels, int count)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (sum, _) = SumOfViews(pixels, count, model.EncodeImage);
        return DeviceTraffic.StartRead(mask == InferenceMask.None ? sum : nn.functional.normalize(sum, dim: 1));
    }

    /// <inheritdoc/>
    /// <remarks>Of several views it is the mean.</remarks>
    public PendingResult SubmitPooled(ReadOnlyMemory<byte> pixels, int count)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (sum, views) = SumOfViews(pixels, count, model.PooledImage);
        return DeviceTraffic.StartRead(sum.Over(views));
    }

    /// <inheritdoc/>
    public PendingResult SubmitTexts(ReadOnlyMemory<int> tokens, ReadOnlyMemory<int> lengths, int count)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return DeviceTraffic.StartRead(model.EncodeText(TextRows.Of(model.Config.Text, tokens, lengths, null, model.Parameters.Device)));
    }

    /// <summary>What the model makes of images, <c>[count, width]</c>, summed over their views: one, where there is no ensemble.</summary>
    private (Tensor Sum, int Views) SumOfViews(ReadOnlyMemory<byte> pixels, int count, Func<Tensor, Tensor?, Tensor> encode)
    {
        var device = model.Parameters.Device;
        var images = DeviceTraffic.Send<byte>(pixels.Span, device, count, ImageSize, ImageSize, 3);
        if (mask == InferenceMask.None)
        {
            return (encode(images, null), 1);
        }

        var views = Views(count);
        Tensor? sum = null;
        for (var view = 0; view < views[0].Length; view++)
        {
            long[] kept = [.. views.SelectMany(ofImage => ofImage[view])];
            var ids = DeviceTraffic.Send<long>(kept, device, count, _kept);
            var features = encode(images, ids);
            sum = sum is null ? features : sum.Plus(features);
        }

        return (sum!, views[0].Length);
    }

    private static int Kept(ImageConfig image, InferenceMask mask, double ratio)
    {
        var patches = image.PatchCount();
        var kept = ratio is >= 0 and < 1 ? MaskRatio.Kept(patches, ratio) : 0;
        return kept >= 1 && kept < patches
            ? kept
            : throw new ConfigException(string.Create(
                CultureInfo.InvariantCulture,
                $"The mask {mask} at a ratio of {ratio} keeps {kept} of {patches} patches; it has to remove some and keep some: give --mask-ratio, such as 0.5."));
    }

    /// <summary>The patches of an image that are seen.</summary>
    /// <param name="image">Its place among those that this encoder sees, from 0.</param>
    /// <returns>Indices of patches, row by row, <c>[views][kept]</c>: one view, where there is no ensemble.</returns>
    public long[][] ViewsOf(long image)
    {
        if (mask == InferenceMask.None)
        {
            return [[.. Enumerable.Range(0, _kept).Select(patch => (long)patch)]];
        }

        var random = new CounterRandom(seed, RandomPurpose.Evaluation, item: image);
        if (mask == InferenceMask.Ensemble)
        {
            return PatchMask.ComplementaryViews(_image.PatchCount(), _kept, ref random);
        }

        var ids = new long[_kept];
        PatchMask.Choose(_image.MaskKind, _image.GridSize(), ids, ref random);
        return [ids];
    }

    /// <summary>Kept patches of the next images, <c>[count][views][kept]</c>.</summary>
    private long[][][] Views(int count)
    {
        var views = new long[count][][];
        for (var i = 0; i < count; i++)
        {
            views[i] = ViewsOf(_imagesSeen++);
        }

        return views;
    }
}
