using Flip.Collectives;
using Flip.Data;
using Flip.Evaluation.Embedding;
using Flip.Evaluation.Features;
using Flip.Tests.Cli;
using Flip.Tests.Collectives;
using Flip.Tests.Data.Images;

namespace Flip.Tests.Evaluation.Features;

/// <summary>Features that ranks extract together and rank 0 keeps.</summary>
public sealed class SharedFeaturesTests : IDisposable
{
    private const int Count = 14;

    private readonly ImageFolderFixture _images = new();
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public SharedFeaturesTests()
    {
        TinyModel.Save(_model = _folder.File("model"));
        _images.Add(Count);
    }

    public void Dispose()
    {
        _images.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Ranks_extract_once_and_then_open_nothing(int world)
    {
        var alone = Read(1, "alone")[0].Found!;
        var first = Read(world, "shared");
        Assert.Equal(alone.Values, first[0].Found!.Values);
        Assert.Equal(alone.Keys, first[0].Found!.Keys);
        Assert.Equal(alone.Source, first[0].Found!.Source);
        Assert.All(first[1..], rank => Assert.Null(rank.Found));
        Assert.Equal(Enumerable.Range(0, Count), first.SelectMany(rank => rank.Opened).Order());
        Assert.All(first, rank => Assert.NotEmpty(rank.Opened));
        Assert.All(Directory.GetFiles(_folder.File("alone")), file =>
            Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(Path.Combine(_folder.File("shared"), Path.GetFileName(file)))));

        var second = Read(world, "shared");
        Assert.Equal(alone.Values, second[0].Found!.Values);
        Assert.All(second, rank => Assert.Empty(rank.Opened));
        Assert.All(second[1..], rank => Assert.Null(rank.Found));
    }

    [Fact]
    public void What_the_cache_left_out_is_told_by_rank_0()
    {
        _images.AddBytes("0004.png", [1, 2, 3]);
        Assert.Equal("0004.png", Assert.Single(Read(2, "shared", allowMissing: true)[0].Found!.Missing).Key);
        var ends = ThreadRanks.Run(2, ranks => Record.Exception(() => Read(ranks, "shared", allowMissing: false)));
        Assert.Contains("'0004.png' cannot be used", Assert.IsType<EvaluationDataException>(ends[0]).Message, StringComparison.Ordinal);
        Assert.Equal(0, Assert.IsType<RankFailedException>(ends[1]).Rank);
    }

    [Fact]
    public void In_memory_rank_0_has_them_alone()
    {
        var found = ThreadRanks.Run(2, ranks =>
        {
            using var source = new SharedSource(_model, _images.Path);
            return FeatureSet.OnFirst(SharedItems.Of(source.Images(), ranks), ranks, TestContext.Current.CancellationToken);
        });
        Assert.Equal(Read(1, "alone")[0].Found!.Values, found[0]!.Values);
        Assert.Null(found[1]);
    }

    private (FeatureSet? Found, int[] Opened)[] Read(int world, string cache, bool allowMissing = false) =>
        ThreadRanks.Run(world, ranks => Read(ranks, cache, allowMissing));

    private (FeatureSet? Found, int[] Opened) Read(ICommunicator ranks, string cache, bool allowMissing)
    {
        using var source = new SharedSource(_model, _images.Path);
        var items = SharedItems.Of(source.Images(allowMissing: allowMissing), ranks);
        var manifest = EmbeddingManifest.Of(items, "weights", new Dictionary<string, string>());
        var folder = ranks.Rank == 0 ? _folder.File(cache) : "no folder of rank 0";
        return (new FeatureCache(folder, ranks: ranks).Read(items, manifest, allowMissing), source.Opened);
    }
}
