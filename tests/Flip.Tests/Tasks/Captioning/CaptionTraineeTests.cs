using CommunityToolkit.HighPerformance.Buffers;
using Flip.Config;
using Flip.Data;
using Flip.Data.Images;
using Flip.Decoding;
using Flip.Devices;
using Flip.Models;
using Flip.Optim;
using Flip.Tasks.Captioning;
using Flip.Tasks.ImageTasks;
using Flip.Tests.Collectives;
using Flip.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Tasks.Captioning;

public class CaptionTraineeTests
{
    [Theory]
    [InlineData(0, Precision.Fp32, 1)]
    [InlineData(0.9, Precision.Fp32, 0)]
    [InlineData(0, Precision.Bf16, 1)]
    public void A_run_continued_from_a_checkpoint_is_the_uninterrupted_run_to_the_last_bit(double ema, Precision precision, double towerRate)
    {
        using var folder = new TemporaryFolder();
        var config = TinyCaptioner.Config with { WeightEma = ema, MicroBatch = 4, Precision = precision, TowerLearningRate = towerRate * 0.05 };
        float[] whole = [], continued = [];
        var losses = TinyCaptioner.Losses(config, folder.File("a"), after: c => whole = c.Parameters.Master.data<float>().ToArray());
        var checkpoint = Directory.GetDirectories(folder.File("a")).Order().First();
        var rest = TinyCaptioner.Losses(config, folder.File("b"), checkpoint, c => continued = c.Parameters.Master.data<float>().ToArray());
        Assert.Equal(8, losses.Count);
        Assert.Equal(losses[4..], rest);
        Assert.Equal(whole, continued);
    }

    [Fact]
    public void It_learns_twelve_captions_by_heart_and_writes_them_word_for_word()
    {
        using var folder = new TemporaryFolder();
        var config = TinyCaptioner.Config with { Samples = Duration.OfSteps(250), BatchSize = TinyCaptioner.Images, WeightDecay = 0, BaseLearningRate = 0.15 };
        var written = new List<string>();
        var batch = TinyCaptioner.Batch(TinyCaptioner.Images);
        var losses = TinyCaptioner.Losses(config, folder.Path, after: captioner =>
        {
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            var search = new BeamSearch(new DecodingConfig { Beams = 1, MinLength = 0 }, TinyCaptioner.Begin, TinyCaptioner.End, TinyCaptioner.Length);
            using var decoding = new CaptionDecoding(captioner, captioner.Encode(captioner.TowerTokens(tensor(batch.Images).view(TinyCaptioner.Images, 16, 16, 3))));
            written.AddRange(search.Run(decoding, TinyCaptioner.Images, CPU).Select(found => string.Join(' ', found[0].Tokens)));
        });
        Assert.Equal(Math.Log(TinyCaptioner.Words + 2), losses[0], 0.8);
        Assert.True(losses[^1] < 0.05, $"{losses[^1]}");
        Assert.Equal(Enumerable.Range(0, TinyCaptioner.Images).Select(i => Words(batch, i)), written);
    }

    [Fact]
    public void Micro_batches_and_recomputed_blocks_give_the_gradient_of_the_whole_batch()
    {
        using var captioner = TinyCaptioner.New(TinyCaptioner.Config);
        using var scope = NewDisposeScope();
        var batch = TinyCaptioner.Batch(7);
        var whole = new CaptionStep(captioner, TinyCaptioner.Config).ComputeGradient(batch).Read();
        var expected = captioner.Parameters.Gradient.clone();
        foreach (var other in new[] { TinyCaptioner.Config with { MicroBatch = 3 }, TinyCaptioner.Config with { CheckpointBlocks = 1 } })
        {
            var parts = new CaptionStep(captioner, other).ComputeGradient(batch).Read();
            Assert.Equal(whole.Loss, parts.Loss, 1e-5);
            Assert.True(captioner.Parameters.Gradient.allclose(expected, 1e-4, 1e-6));
        }

        Assert.True(expected.abs().max().ToSingle() > 1e-3);
    }

    [Theory]
    [InlineData(2, 0)]
    [InlineData(3, 2)]
    public void Ranks_that_share_a_batch_have_the_gradient_of_one_process(int world, int microBatch)
    {
        var config = TinyCaptioner.Config with { BatchSize = 7, MicroBatch = microBatch };
        using var captioner = TinyCaptioner.New(config);
        var whole = Step(captioner, TinyCaptioner.Batch(7));
        var expected = captioner.Parameters.Gradient.data<float>().ToArray();
        var found = ThreadRanks.Run(world, ranks =>
        {
            using var own = TinyCaptioner.New(config);
            var exchange = new GradientExchange(own.Parameters, ranks, ParameterShards.Of(own.Parameters, ranks, false));
            using var loss = new CaptionStep(own, config, exchange).ComputeGradient(TinyCaptioner.Batch(7));
            return (loss.Read().Loss, Gradient: own.Parameters.Gradient.data<float>().ToArray());
        });
        Assert.Equal(whole, found.Sum(rank => rank.Loss), 1e-4);
        Assert.All(found, rank => Assert.True(rank.Gradient.Zip(expected).Max(pair => Math.Abs(pair.First - pair.Second)) < 1e-5));
    }

    [Fact]
    public void The_order_of_a_batch_and_padding_behind_its_captions_change_nothing()
    {
        using var captioner = TinyCaptioner.New(TinyCaptioner.Config);
        using var scope = NewDisposeScope();
        var batch = TinyCaptioner.Batch(5);
        var loss = Step(captioner, batch);
        var expected = captioner.Parameters.Gradient.clone();
        int[] order = [3, 0, 4, 2, 1];
        Assert.Equal(loss, Step(captioner, Ordered(batch, order)), 1e-5);
        Assert.True(captioner.Parameters.Gradient.allclose(expected, 1e-4, 1e-6));
        var padded = batch with { Tokens = [.. batch.Tokens] };
        for (var row = 0; row < 5; row++)
        {
            padded.Tokens.AsSpan((row * TinyCaptioner.Length) + batch.Lengths[row], TinyCaptioner.Length - batch.Lengths[row]).Fill(7);
        }

        Assert.Equal(loss, Step(captioner, padded));
        Assert.True(captioner.Parameters.Gradient.allclose(expected, 1e-6, 1e-8));
    }

    [Fact]
    public void The_gradient_is_that_of_finite_differences()
    {
        using var captioner = TinyCaptioner.New(TinyCaptioner.Config);
        using var scope = NewDisposeScope();
        var batch = TinyCaptioner.Batch(4);
        Step(captioner, batch);
        var gradient = captioner.Parameters.Gradient.clone();
        var norm = gradient.norm().ToDouble();
        foreach (var seed in new[] { 1UL, 2UL, 3UL })
        {
            // Along a direction that leans on the gradient: its slope stands above the rounding of fp32.
            var direction = (gradient / norm) + (randn(gradient.numel(), generator: new Generator(seed)) / Math.Sqrt(gradient.numel()));
            const double Width = 4e-3;
            var up = At(captioner, batch, direction, Width);
            var down = At(captioner, batch, direction, -Width);
            var slope = (gradient * direction).sum().ToDouble();
            Assert.Equal(1, (up - down) / (2 * Width) / slope, 0.02);
        }
    }

    [Fact]
    public void A_tower_without_a_rate_stays_as_it_is_and_has_no_gradient()
    {
        using var folder = new TemporaryFolder();
        var config = TinyCaptioner.Config with { TowerLearningRate = 0 };
        using var fresh = TinyCaptioner.New(config);
        using var scope = NewDisposeScope();
        new CaptionStep(fresh, config).ComputeGradient(TinyCaptioner.Batch(4)).Read();
        Assert.All(Tower(fresh), parameter => Assert.Equal(0, parameter.Gradient!.abs().max().ToSingle()));
        TinyCaptioner.Losses(config, folder.Path, after: trained =>
        {
            Assert.All(Tower(trained).Zip(Tower(fresh)), pair => Assert.True(pair.First.Master.equal(pair.Second.Master).all().ToBoolean()));
            Assert.Contains(trained.Parameters.All.Zip(fresh.Parameters.All), pair => !pair.First.Master.equal(pair.Second.Master).all().ToBoolean());
        });
    }

    [Theory]
    [InlineData(Precision.Fp32)]
    [InlineData(Precision.Bf16)]
    public void Tokens_that_are_kept_give_the_gradient_of_images_that_the_tower_sees(Precision precision)
    {
        using var folder = new TemporaryFolder();
        var config = TinyCaptioner.Config with { TowerLearningRate = 0, Precision = precision };
        using var captioner = TinyCaptioner.New(config);
        using var scope = NewDisposeScope();
        var batch = TinyCaptioner.Batch(TinyCaptioner.Images);
        var images = new RawImages(batch.Images, missing: 7);
        var seen = 0;
        TowerTokens Open() => TowerTokens.Open(
            folder.File("tokens"), images, images, pixels => Count(captioner.TowerTokens(pixels), ref seen), new Compute(CPU, captioner.Parameters.ComputeType), (16, 16), 5, 1, new SilentProgress(), TestContext.Current.CancellationToken);
        using (var tokens = Open())
        {
            Assert.Equal([7], Enumerable.Range(0, TinyCaptioner.Images).Where(image => tokens.IsMissing(image)));
            var rest = Ordered(batch, [0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11]) with { Samples = [0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11] };
            var loss = new CaptionStep(captioner, config).ComputeGradient(rest).Read().Loss;
            var expected = captioner.Parameters.Gradient.clone();
            var tolerance = precision == Precision.Fp32 ? 1e-5 : 0.02;
            Assert.Equal(loss, new CaptionStep(captioner, config) { Tokens = tokens }.ComputeGradient(rest with { Images = [] }).Read().Loss, tolerance);
            Assert.True(captioner.Parameters.Gradient.allclose(expected, tolerance, tolerance));
        }

        // A file that is whole is taken as it is.
        Assert.Equal(TinyCaptioner.Images - 1, seen);
        Open().Dispose();
        Assert.Equal(TinyCaptioner.Images - 1, seen);
    }

    [Fact]
    public void A_step_waits_for_its_device_once()
    {
        using var captioner = TinyCaptioner.New(TinyCaptioner.Config);
        var before = DeviceTraffic.OnThread;
        using var pending = new CaptionStep(captioner, TinyCaptioner.Config with { MicroBatch = 2 }).ComputeGradient(TinyCaptioner.Batch(6));
        Assert.Equal(0, (DeviceTraffic.OnThread - before).Waits);
        Assert.True(double.IsFinite(pending.Read().Loss));
    }

    private static Tensor Count(Tensor tokens, ref int seen)
    {
        seen += (int)tokens.shape[0];
        return tokens;
    }

    private static IEnumerable<Parameter> Tower(Captioner captioner) => captioner.Parameters.All.Where(parameter => !Captioner.IsOfHead(parameter.Name));

    private static double Step(Captioner captioner, Batch batch) => new CaptionStep(captioner, TinyCaptioner.Config).ComputeGradient(batch).Read().Loss;

    private static double At(Captioner captioner, Batch batch, Tensor direction, double width)
    {
        using var noGrad = no_grad();
        captioner.Parameters.Master.add_(direction * width);
        using (enable_grad())
        {
            var loss = Step(captioner, batch);
            captioner.Parameters.Master.sub_(direction * width);
            return loss;
        }
    }

    private static Batch Ordered(Batch batch, int[] order) => batch with
    {
        Images = [.. order.SelectMany(row => batch.Images.Skip(row * 768).Take(768))],
        Tokens = [.. order.SelectMany(row => batch.Tokens.Skip(row * TinyCaptioner.Length).Take(TinyCaptioner.Length))],
        Lengths = [.. order.Select(row => batch.Lengths[row])],
    };

    private static string Words(Batch batch, int row) =>
        string.Join(' ', batch.Tokens.Skip((row * TinyCaptioner.Length) + 1).Take(batch.Lengths[row] - 2));

    /// <summary>Images whose files are their pixels; one of them cannot be decoded.</summary>
    private sealed class RawImages(byte[] pixels, int missing) : IImageSource, IImageReader, IImageTransform
    {
        public int Count => pixels.Length / 768;

        public int Size => 16;

        public string Fingerprint(ContentHashes? hashes = null, CancellationToken cancellation = default) => "raw";

        public IEnumerable<string> Keys(int first = 0) => Enumerable.Range(first, Count - first).Select(image => $"{image}");

        public string Describe(int image) => $"{image}";

        public IImageReader Open() => this;

        public MemoryOwner<byte> Read(int image)
        {
            var file = MemoryOwner<byte>.Allocate(768);
            pixels.AsSpan(image * 768, 768).CopyTo(file.Span);
            return file;
        }

        public void Apply(ReadOnlySpan<byte> encoded, int epoch, long sample, Span<byte> destination)
        {
            if (sample == missing)
            {
                throw new BadSampleException("broken", "It is broken.");
            }

            encoded.CopyTo(destination);
        }

        public void Dispose()
        {
        }
    }
}
