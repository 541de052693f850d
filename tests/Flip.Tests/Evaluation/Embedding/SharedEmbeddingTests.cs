using Flip.Collectives;
using Flip.Data;
using Flip.Evaluation.Embedding;
using Flip.Models;
using Flip.Tests.Cli;
using Flip.Tests.Collectives;
using Flip.Tests.Data.Images;

namespace Flip.Tests.Evaluation.Embedding;

/// <summary>Files of embeddings that ranks make together.</summary>
public sealed class SharedEmbeddingTests : IDisposable
{
    private const int Count = 23;

    private readonly ImageFolderFixture _images = new();
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public SharedEmbeddingTests()
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
    [InlineData(2, "safetensors", true, InferenceMask.None)]
    [InlineData(3, "parquet", true, InferenceMask.Masked)]
    [InlineData(4, "safetensors", false, InferenceMask.None)]
    [InlineData(2, "parquet", false, InferenceMask.None)]
    public void The_file_of_ranks_is_that_of_one_process(int world, string extension, bool ofImages, InferenceMask mask)
    {
        _images.AddBytes("0007.png", [1, 2, 3]);
        var (alone, shared) = (_folder.File("alone." + extension), _folder.File("shared." + extension));
        Run(1, alone, ofImages, mask);
        var results = Run(world, shared, ofImages, mask);
        Assert.Equal(File.ReadAllBytes(alone), File.ReadAllBytes(shared));
        Assert.All(results, result => Assert.Equal((ofImages ? Count - 1 : Count, 0), (result.Embedded, result.Resumed)));
        Assert.All(results, result => Assert.Equal(results[0].Missing, result.Missing));
        Assert.False(Directory.Exists(shared + ".parts"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Work_that_one_rank_stopped_goes_on_with_others(int stopping)
    {
        _images.AddBytes("0001.png", [1, 2, 3]);
        var (alone, shared) = (_folder.File("alone.safetensors"), _folder.File("shared.safetensors"));
        Run(1, alone, true, InferenceMask.Masked);
        var ends = ThreadRanks.Run(2, ranks => Record.Exception(() =>
            Embed(ranks, shared, true, InferenceMask.Masked, stopAfter: ranks.Rank == stopping ? 9 : long.MaxValue)));
        Assert.All(ends, end => Assert.IsAssignableFrom<OperationCanceledException>(end));
        Assert.False(File.Exists(shared));
        var resumed = Run(3, shared, true, InferenceMask.Masked);
        Assert.All(resumed, result => Assert.Equal(resumed[0].Resumed, result.Resumed));
        Assert.InRange(resumed[0].Resumed, 9, Count - 1);
        Assert.Equal(File.ReadAllBytes(alone), File.ReadAllBytes(shared));
    }

    [Fact]
    public void What_was_done_before_a_bad_image_of_another_rank_is_kept()
    {
        _images.AddBytes("0010.png", [1, 2, 3]); // in the fourth batch, of rank 1 of 2
        var file = _folder.File("e.safetensors");
        var ends = ThreadRanks.Run(2, ranks => Record.Exception(() => Embed(ranks, file, true, InferenceMask.None, allowMissing: false)));
        Assert.Equal(1, Assert.IsType<RankFailedException>(ends[0]).Rank);
        Assert.IsType<EvaluationDataException>(ends[1]);
        Assert.Equal(9, Run(2, file, true, InferenceMask.None)[0].Resumed);
    }

    [Fact]
    public void A_file_that_must_not_be_written_is_told_by_rank_0_and_other_weights_by_all()
    {
        var file = _folder.File("e.safetensors");
        File.WriteAllText(file, "mine");
        var ends = ThreadRanks.Run(2, ranks => Record.Exception(() => Embed(ranks, file, false, InferenceMask.None)));
        Assert.Contains("exists", Assert.IsType<ConfigException>(ends[0]).Message, StringComparison.Ordinal);
        Assert.Equal(0, Assert.IsType<RankFailedException>(ends[1]).Rank);
        ends = ThreadRanks.Run(2, ranks => Record.Exception(() => Embed(ranks, file, false, InferenceMask.None, weights: $"of {ranks.Rank}")));
        Assert.All(ends, end => Assert.Contains("rank 0 has weights of 0, and rank 1", Assert.IsType<ConfigException>(end).Message, StringComparison.Ordinal));
        Assert.Equal("mine", File.ReadAllText(file));
    }

    private EmbeddingResult[] Run(int world, string file, bool ofImages, InferenceMask mask) =>
        ThreadRanks.Run(world, ranks => Embed(ranks, file, ofImages, mask));

    private EmbeddingResult Embed(
        ICommunicator ranks,
        string file,
        bool ofImages,
        InferenceMask mask,
        bool allowMissing = true,
        long stopAfter = long.MaxValue,
        string weights = "weights")
    {
        using var source = new SharedSource(_model, _images.Path);
        using var stop = new CancellationTokenSource();
        var items = SharedItems.Of(ofImages ? source.Images(mask, allowMissing) : source.Texts(Count), ranks);
        var manifest = EmbeddingManifest.Of(items, weights, new Dictionary<string, string>());
        var job = new EmbeddingJob(file, ranks: ranks) { PartItems = 2 * SharedSource.BatchSize };
        return job.Run(items, manifest, allowMissing: allowMissing, report: Report, cancellation: stop.Token);

        void Report(long done)
        {
            if (done >= stopAfter)
            {
                stop.Cancel();
            }
        }
    }
}
