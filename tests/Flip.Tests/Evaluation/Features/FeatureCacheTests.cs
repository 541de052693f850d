using Flip.Collectives;
using Flip.Config;
using Flip.Data;
using Flip.Data.Images;
using Flip.Data.Layouts;
using Flip.Data.Loading;
using Flip.Evaluation.Embedding;
using Flip.Evaluation.Features;
using Flip.Masking;
using Flip.Models;
using Flip.Randomness;
using Flip.Tests.Data.Images;
using Flip.Tests.Training;
using TorchSharp;

namespace Flip.Tests.Evaluation.Features;

public sealed class FeatureCacheTests : IDisposable
{
    private const int Width = 16;

    private readonly FlipModel _model = TinyRun.Model(TinyRun.Config);
    private readonly ImageFolderFixture _images = new();
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _said = [];

    public void Dispose()
    {
        _model.Dispose();
        _images.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(FeatureKind.Pooled)]
    [InlineData(FeatureKind.Embedding)]
    public void Features_are_extracted_once(FeatureKind kind)
    {
        _images.Add(7);
        var first = Read(kind);
        Assert.Equal(Enumerable.Range(0, 7).Select(i => $"{i:D4}.png"), first.Keys);
        Assert.Equal(Items(kind).Encode().SelectMany(batch => batch.Vectors), first.Values);
        Assert.Equal(kind == FeatureKind.Pooled ? Width : 8, first.Dim);
        var again = new FeatureCache(_folder.Path, _said.Add).Read(new Unused(Items(kind)), Manifest(kind))!;
        Assert.Equal(first.Values, again.Values);
        Assert.Equal(first.Keys, again.Keys);
        Assert.Empty(_said);
    }

    [Fact]
    public void Pooled_features_are_those_that_the_projection_makes_the_embedding_of()
    {
        _images.Add(3);
        var (pooled, embedded) = (Read(FeatureKind.Pooled), Read(FeatureKind.Embedding));
        var projection = _model.Parameters.All.Single(parameter => parameter.Name.StartsWith("image.projection", StringComparison.Ordinal)).Master;
        using var scope = torch.NewDisposeScope();
        var projected = torch.nn.functional.normalize(torch.tensor(pooled.Values).view(3, Width).mm(projection.t()), dim: 1);
        Assert.All(embedded.Values.Zip(projected.data<float>().ToArray()), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
        Assert.NotEqual(1, pooled.Values[..Width].Sum(value => value * value), 0.1);
    }

    [Fact]
    public void The_pooled_feature_of_an_ensemble_is_the_mean_of_its_views()
    {
        var pixels = new byte[2 * 16 * 16 * 3];
        new Random(1).NextBytes(pixels);
        using var pending = new InferenceEncoder(_model, InferenceMask.Ensemble, 0.5, seed: 4).SubmitPooled(pixels, 2);
        var ensemble = pending.Read();
        using var noGrad = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        for (var image = 0; image < 2; image++)
        {
            var random = new CounterRandom(4, RandomPurpose.Evaluation, item: image);
            var one = torch.tensor(pixels[(image * 768)..((image + 1) * 768)]).view(1, 16, 16, 3);
            var views = PatchMask.ComplementaryViews(16, 8, ref random)
                .Select(ids => _model.PooledImage(one, torch.tensor(ids).view(1, 8)).data<float>().ToArray()).ToArray();
            Assert.Equal(2, views.Length);
            Assert.All(
                ensemble[(image * Width)..((image + 1) * Width)].Index(),
                entry => Assert.Equal((views[0][entry.Index] + views[1][entry.Index]) / 2, entry.Item, 1e-5f));
        }
    }

    [Fact]
    public void A_stopped_extraction_goes_on()
    {
        _images.Add(9);
        var whole = Read(FeatureKind.Pooled).Values;
        Directory.Delete(_folder.Path, recursive: true);
        using var stop = new CancellationTokenSource();
        var cache = new FeatureCache(_folder.Path, _said.Add);
        Assert.Throws<OperationCanceledException>(() =>
            cache.Read(Items(FeatureKind.Pooled), Manifest(FeatureKind.Pooled), report: done => Stop(done, stop), cancellation: stop.Token));
        var seen = new List<long>();
        Assert.Equal(whole, cache.Read(Items(FeatureKind.Pooled), Manifest(FeatureKind.Pooled), report: seen.Add)!.Values);
        Assert.Equal(6, seen[0]);

        static void Stop(long done, CancellationTokenSource stop)
        {
            if (done >= 6)
            {
                stop.Cancel();
            }
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData(".json")]
    public void A_link_in_the_cache_is_told_and_replaced(string entry)
    {
        _images.Add(3);
        var whole = Read(FeatureKind.Pooled).Values;
        var path = new FeatureCache(_folder.Path).PathOf(Manifest(FeatureKind.Pooled));
        var lured = entry.Length == 0 ? path : Path.ChangeExtension(path, entry);
        using var bystander = new Bystander();
        bystander.Lure(lured, isFolder: false);
        Assert.Equal(whole, Read(FeatureKind.Pooled).Values);
        Assert.Contains("is a link to", Assert.Single(_said), StringComparison.Ordinal);
        Assert.Null(new FileInfo(lured).LinkTarget);
        bystander.AssertUntouched();
    }

    [Fact]
    public void A_new_cache_is_for_its_owner_alone()
    {
        _images.Add(3);
        var folder = _folder.File("new/cache");
        new FeatureCache(folder).Read(Items(FeatureKind.Pooled), Manifest(FeatureKind.Pooled));
        Assert.Equal(2, Directory.GetFileSystemEntries(folder).Length);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder));
            Assert.All(new DirectoryInfo(folder).GetFiles(), file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, file.UnixFileMode));
        }
    }

    [Fact]
    public void Another_model_kind_or_source_has_another_file()
    {
        _images.Add(5);
        var cache = new FeatureCache(_folder.Path);
        string[] paths =
        [
            cache.PathOf(Manifest(FeatureKind.Pooled)),
            cache.PathOf(Manifest(FeatureKind.Embedding)),
            cache.PathOf(Manifest(FeatureKind.Pooled) with { Weights = "others" }),
            cache.PathOf(Manifest(FeatureKind.Pooled) with { Source = "other" }),
        ];
        Assert.Equal(4, paths.Distinct().Count());
        Assert.Equal(paths[0], cache.PathOf(Manifest(FeatureKind.Pooled)));
    }

    [Fact]
    public void Whatever_is_changed_in_a_cache_is_told_and_made_anew()
    {
        _images.Add(5);
        var whole = Read(FeatureKind.Pooled).Values;
        var path = new FeatureCache(_folder.Path).PathOf(Manifest(FeatureKind.Pooled));
        var bytes = File.ReadAllBytes(path);
        Assert.Equal((byte)'g', bytes[^1]); // the end of the last key; features before it
        Damage("its content has changed", () => Flip(bytes.Length / 2));
        Damage("its content has changed", () => File.WriteAllBytes(path, bytes[..^9]));
        Damage("", () => File.WriteAllText(Path.ChangeExtension(path, ".json"), "{}"));
        Read(FeatureKind.Embedding);
        var other = new FeatureCache(_folder.Path).PathOf(Manifest(FeatureKind.Embedding));
        Damage("it is of other features", () =>
        {
            File.Copy(other, path, overwrite: true);
            File.Copy(Path.ChangeExtension(other, ".json"), Path.ChangeExtension(path, ".json"), overwrite: true);
        });

        // Killed between the file and its entry: nothing to tell.
        File.Delete(Path.ChangeExtension(path, ".json"));
        Assert.Equal(whole, Read(FeatureKind.Pooled).Values);
        Assert.Empty(_said);

        void Flip(int place)
        {
            var flipped = bytes.ToArray();
            flipped[place] ^= 0x10;
            File.WriteAllBytes(path, flipped);
        }

        void Damage(string problem, Action damage)
        {
            damage();
            Assert.Equal(whole, Read(FeatureKind.Pooled).Values);
            var said = Assert.Single(_said);
            Assert.Contains(path, said, StringComparison.Ordinal);
            Assert.Contains($"({problem}", said, StringComparison.Ordinal);
            _said.Clear();
            Assert.Equal(bytes, File.ReadAllBytes(path));
        }
    }

    [Fact]
    public void A_missing_image_is_named_or_left_out_with_its_label()
    {
        _images.Add(6);
        _images.AddBytes("0002.png", [1, 2, 3]);
        var refused = Assert.Throws<EvaluationDataException>(() => Read(FeatureKind.Pooled));
        Assert.Contains("'0002.png' cannot be used: not an image", refused.Message, StringComparison.Ordinal);

        var set = Read(FeatureKind.Pooled, allowMissing: true);
        Assert.Equal("0002.png", Assert.Single(set.Missing).Key);
        var labelled = set.With(Source(), [0, 1, 2, 3, 4, 5], ["a", "b", "c", "d", "e", "f"]);
        Assert.Equal([0, 1, 3, 4, 5], labelled.Labels);
        Assert.Equal(["0000.png", "0001.png", "0003.png", "0004.png", "0005.png"], labelled.Keys);
        Assert.Equal(5 * Width, labelled.Values.Length);

        // What is cached now is not used where nothing may be missing.
        var cached = Assert.Throws<EvaluationDataException>(() => Read(FeatureKind.Pooled));
        Assert.Contains("The image '0002.png' cannot be used: not an image", cached.Message, StringComparison.Ordinal);
        Assert.Contains("--allow-missing", cached.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Features_of_another_source_are_not_given_labels()
    {
        _images.Add(4);
        var set = Read(FeatureKind.Pooled) with { Keys = ["0000.png", "0001.png", "0001.png", "0003.png"] };
        var error = Assert.Throws<EvaluationDataException>(() => set.With(Source(), [0, 1, 2, 3], ["a", "b", "c", "d"]));
        Assert.Contains("'0001.png'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Random_views_differ_from_each_other_and_repeat()
    {
        _images.Add(1);
        var bytes = File.ReadAllBytes(_images.File("0000.png"));
        byte[] View(int view, int epoch = 0)
        {
            var pixels = new byte[8 * 8 * 3];
            new RandomView(new TrainTransform(8, 0.08, 0, seed: 1), view).Apply(bytes, epoch, 0, pixels);
            return pixels;
        }

        Assert.Equal(View(2), View(2, epoch: 5));
        Assert.NotEqual(View(2), View(3));
    }

    private FeatureSet Read(FeatureKind kind, bool allowMissing = false) =>
        new FeatureCache(_folder.Path, _said.Add).Read(Items(kind, allowMissing), Manifest(kind), allowMissing)!;

    private EmbeddingManifest Manifest(FeatureKind kind) =>
        EmbeddingManifest.Of(Items(kind), "weights", new Dictionary<string, string> { ["feature"] = kind.ToString() });

    private IImageSource Source() => ImageSources.Open(_images.Path);

    private ImageItems Items(FeatureKind kind, bool allowMissing = false)
    {
        var loader = new ImageLoader(Source(), new EvaluationTransform(EvalTransform.Flip, 16), workers: 1, allowMissing);
        return kind == FeatureKind.Pooled
            ? ImageItems.OfPooled(loader, _ => new InferenceEncoder(_model), 3)
            : new ImageItems(loader, _ => new InferenceEncoder(_model), 3);
    }

    /// <summary>Items that nothing may be read of.</summary>
    private sealed class Unused(IItemEncoder items) : IItemEncoder
    {
        public string Kind => items.Kind;

        public long Count => items.Count;

        public int EmbedDim => items.EmbedDim;

        public bool CountsEmbedded => items.CountsEmbedded;

        public string Fingerprint(ContentHashes? hashes = null, CancellationToken cancellation = default) => items.Fingerprint(hashes, cancellation);

        public IEnumerable<EmbeddedItems> Encode(
            long first = 0, long embedded = 0, Turn turn = default, CancellationToken cancellation = default) =>
            throw new InvalidOperationException("They are in the cache.");
    }
}
