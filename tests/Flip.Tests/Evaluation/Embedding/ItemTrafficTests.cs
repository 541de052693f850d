using Flip.Config;
using Flip.Data.Files;
using Flip.Data.Images;
using Flip.Data.Layouts;
using Flip.Data.Loading;
using Flip.Devices;
using Flip.Evaluation.Embedding;
using Flip.Models;
using Flip.Tests.Data.Images;
using Flip.Tests.Training;

namespace Flip.Tests.Evaluation.Embedding;

/// <summary>What passes between the processor and a device while images and texts are embedded; it is counted on the processor as on a GPU.</summary>
public sealed class ItemTrafficTests : IDisposable
{
    private const int BatchSize = 3;

    private readonly FlipModel _model = TinyRun.Model(TinyRun.Config);
    private readonly ImageFolderFixture _images = new();

    public void Dispose()
    {
        _model.Dispose();
        _images.Dispose();
    }

    [Theory]
    [InlineData(InferenceMask.None, 1)]
    [InlineData(InferenceMask.Masked, 2)] // pixels and the kept patches
    [InlineData(InferenceMask.Ensemble, 3)] // kept patches of two views
    public void A_batch_is_waited_for_once_and_the_next_one_is_sent_before(InferenceMask mask, int copies)
    {
        var items = Images(mask, 10);
        var (batches, before) = (0, DeviceTraffic.OnThread);
        foreach (var batch in items.Encode())
        {
            batches++;
            var traffic = DeviceTraffic.OnThread - before;
            Assert.Equal((batches, copies * Math.Min(batches + 1, 4)), (traffic.Waits, traffic.Copies));
        }

        Assert.Equal(4, batches);
    }

    [Fact]
    public void Texts_go_the_same_way()
    {
        var before = DeviceTraffic.OnThread;
        Assert.Equal(4, Texts(10).Encode().Count());
        Assert.Equal(new TrafficCount(4, (DeviceTraffic.OnThread - before).Bytes, 4), DeviceTraffic.OnThread - before);
    }

    private ImageItems Images(InferenceMask mask, int count)
    {
        _images.Add(count);
        var loader = new ImageLoader(ImageSources.Open(_images.Path), new EvaluationTransform(EvalTransform.Flip, 16), 2);
        return new ImageItems(loader, seen => new InferenceEncoder(_model, mask, 0.5, 1, seen), BatchSize);
    }

    private TextItems Texts(int count)
    {
        using var lines = new StringReader(string.Join('\n', Enumerable.Range(0, count).Select(i => $"text {i}")));
        return new TextItems(TextLines.OfReader(lines, "texts"), new InferenceEncoder(_model), new WordTokenizer(), BatchSize);
    }
}
