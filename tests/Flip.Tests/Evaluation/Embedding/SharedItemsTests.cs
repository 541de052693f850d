using Flip.Collectives;
using Flip.Data;
using Flip.Evaluation.Embedding;
using Flip.Models;
using Flip.Tests.Cli;
using Flip.Tests.Collectives;
using Flip.Tests.Data.Images;

namespace Flip.Tests.Evaluation.Embedding;

public sealed class SharedItemsTests : IDisposable
{
    private readonly ImageFolderFixture _images = new();
    private readonly TemporaryFolder _model = new();

    public SharedItemsTests() => TinyModel.Save(_model.Path);

    public void Dispose()
    {
        _images.Dispose();
        _model.Dispose();
    }

    [Theory]
    [InlineData(2, 14, InferenceMask.None)]
    [InlineData(3, 14, InferenceMask.Masked)]
    [InlineData(4, 14, InferenceMask.Ensemble)]
    [InlineData(3, 9, InferenceMask.Masked)] // a whole round
    [InlineData(4, 5, InferenceMask.None)] // fewer batches than ranks
    public void All_ranks_get_the_batches_of_one_process_and_open_the_images_of_their_own(int world, int count, InferenceMask mask)
    {
        _images.Add(count);
        var expected = Alone(source => source.Images(mask));
        var opened = new int[world][];
        Assert.All(OnRanks(world, source => source.Images(mask), opened), bytes => Assert.Equal(expected, bytes));
        Assert.All(opened.Index(), rank => Assert.Equal(
            Enumerable.Range(0, count).Where(image => image / SharedSource.BatchSize % world == rank.Index), rank.Item));
    }

    [Theory]
    [InlineData(2, InferenceMask.None)]
    [InlineData(2, InferenceMask.Masked)]
    [InlineData(3, InferenceMask.Ensemble)]
    [InlineData(4, InferenceMask.Masked)]
    public void Missing_images_move_the_masks_behind_them_as_in_one_process(int world, InferenceMask mask)
    {
        _images.Add(26);
        string[] bad = ["0001.png", "0005.png", "0012.png", "0013.png", "0014.png", "0025.png"]; // a whole batch among them
        Assert.All(bad, name => _images.AddBytes(name, [1, 2, 3]));
        var expected = Alone(source => source.Images(mask, allowMissing: true));
        var opened = new int[world][];
        Assert.All(OnRanks(world, source => source.Images(mask, allowMissing: true), opened), bytes => Assert.Equal(expected, bytes));
        if (mask == InferenceMask.None)
        {
            Assert.Equal(Enumerable.Range(0, 26), opened.SelectMany(images => images).Order()); // nothing is done twice
        }
    }

    [Theory]
    [InlineData(2, 10)]
    [InlineData(3, 2)]
    [InlineData(4, 12)]
    public void Texts_are_shared_too(int world, int count)
    {
        _images.Add(1);
        var expected = Alone(source => source.Texts(count));
        Assert.All(OnRanks(world, source => source.Texts(count)), bytes => Assert.Equal(expected, bytes));
    }

    [Fact]
    public void Ranks_go_on_behind_what_is_done()
    {
        _images.Add(14);
        var expected = Alone(source => source.Images(InferenceMask.Masked));
        var behind = OnRanks(2, source => source.Images(InferenceMask.Masked), first: 6);
        Assert.All(behind, bytes => Assert.Equal(expected[2..], bytes));
    }

    [Fact]
    public void A_bad_image_of_a_rank_ends_all_behind_the_batches_before_it()
    {
        _images.Add(14);
        _images.AddBytes("0004.png", [1, 2, 3]);
        var ends = ThreadRanks.Run(3, ranks => Record.Exception(() => Read(ranks, source => source.Images(), _ => { })));
        Assert.Contains("'0004.png' cannot be used: not an image", Assert.IsType<EvaluationDataException>(ends[1]).Message, StringComparison.Ordinal);
        Assert.All([ends[0], ends[2]], end =>
        {
            var told = Assert.IsType<RankFailedException>(end);
            Assert.Equal(1, told.Rank);
            Assert.Contains("'0004.png' cannot be used", told.Message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void A_rank_with_other_images_or_batches_is_told()
    {
        _images.Add(14);
        var ends = ThreadRanks.Run(2, ranks => Record.Exception(() => Read(ranks, source => source.Images(batchSize: 3 + ranks.Rank), _ => { })));
        Assert.All(ends, end => Assert.Contains("batches of one size", Assert.IsType<ConfigException>(end).Message, StringComparison.Ordinal));
        ends = ThreadRanks.Run(2, ranks => Record.Exception(() => Read(ranks, source => ranks.Rank == 0 ? source.Images() : source.Texts(14), _ => { })));
        Assert.All(ends, end => Assert.Contains("rank 0 has 14 images, and rank 1 on this host has 14 texts", Assert.IsType<ConfigException>(end).Message, StringComparison.Ordinal));
    }

    [Fact]
    public void One_process_has_its_items_as_they_are()
    {
        _images.Add(1);
        using var source = new SharedSource(_model.Path, _images.Path);
        var items = source.Images();
        Assert.Same(items, SharedItems.Of(items, OneProcess.Instance));
        Assert.Same(items, SharedItems.Of(items, null));
    }

    [Fact]
    public void Bytes_keep_whatever_a_batch_holds()
    {
        var items = new EmbeddedItems(3, 7, ["a", "ü\ud800", ""], ["x\ny", "", "🐕"], [1, float.NaN, -0f], [new MissingItem("k", "gone")]);
        var read = ItemBytes.Read(ItemBytes.Of(items));
        Assert.Equal((3, 7), (read.First, read.Next));
        Assert.Equal(items.Keys, read.Keys);
        Assert.Equal(items.Texts, read.Texts);
        Assert.Equal(items.Missing, read.Missing);
        Assert.Equal(Array.ConvertAll(items.Vectors, BitConverter.SingleToInt32Bits), Array.ConvertAll(read.Vectors, BitConverter.SingleToInt32Bits));
        Assert.Null(ItemBytes.Read(ItemBytes.Of(items with { Texts = null })).Texts);
    }

    /// <summary>The batches of a single process, as bytes.</summary>
    private List<byte[]> Alone(Func<SharedSource, IItemEncoder> items) => OnRanks(1, items)[0];

    private List<byte[]>[] OnRanks(int world, Func<SharedSource, IItemEncoder> items, int[][]? opened = null, long first = 0) => ThreadRanks.Run(
        world, ranks => Read(ranks, items, source => opened?[ranks.Rank] = source.Opened, first));

    private List<byte[]> Read(ICommunicator ranks, Func<SharedSource, IItemEncoder> items, Action<SharedSource> after, long first = 0)
    {
        using var source = new SharedSource(_model.Path, _images.Path);
        var read = SharedItems.Of(items(source), ranks).Encode(first, first, cancellation: TestContext.Current.CancellationToken).Select(ItemBytes.Of).ToList();
        after(source);
        return read;
    }
}
