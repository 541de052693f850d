using Flip.Evaluation.Embedding;
using Flip.Models;
using Flip.Search;
using Flip.Search.Queries;
using Flip.Search.VectorData;
using Flip.Storage;
using Flip.Tests.Cli;
using Flip.Tests.Data.Images;
using Microsoft.Extensions.VectorData;
using SkiaSharp;

namespace Flip.Tests.Search.VectorData;

public sealed class IndexedImagesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly CancellationToken _stop = TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Records_are_put_found_and_deleted()
    {
        using VectorStoreCollection<string, ImageRecord> collection = new IndexedImages(_folder.File("index"), TestIndex.Settings());
        Assert.False(await collection.CollectionExistsAsync(_stop));
        await collection.EnsureCollectionExistsAsync(_stop);
        Assert.True(await collection.CollectionExistsAsync(_stop));
        Assert.Equal("index", collection.Name);
        Assert.Empty(await Found(collection, TestIndex.Vector(1), 5));
        await collection.UpsertAsync(Enumerable.Range(0, 20).Select(Record), _stop);
        await collection.UpsertAsync(Record(20), _stop);
        Assert.Equal(["3", "20"], [(await Found(collection, TestIndex.Vector(3), 1))[0].Record.Key, (await Found(collection, TestIndex.Vector(20), 1))[0].Record.Key]);
        Assert.Equal(1, (await Found(collection, TestIndex.Vector(3), 1))[0].Score!.Value, 1e-6);
        await collection.UpsertAsync(new ImageRecord { Key = "3", Path = "other", Vector = TestIndex.Vector(300) }, _stop);
        Assert.Equal("other", (await Found(collection, TestIndex.Vector(300), 1))[0].Record.Path);
        Assert.Equal(TestIndex.Vector(300), (await collection.GetAsync("3", new RecordRetrievalOptions { IncludeVectors = true }, _stop))!.Vector!.Value.ToArray());
        Assert.Null((await collection.GetAsync("3", cancellationToken: _stop))!.Vector);
        await collection.DeleteAsync(["3", "4"], _stop);
        Assert.Null(await collection.GetAsync("3", cancellationToken: _stop));
        Assert.DoesNotContain(await Found(collection, TestIndex.Vector(300), 30), match => match.Record.Key is "3" or "4");
        await collection.EnsureCollectionDeletedAsync(_stop);
        Assert.False(Directory.Exists(_folder.File("index")));
    }

    [Fact]
    public async Task Filters_thresholds_and_pages_of_results()
    {
        using var collection = new IndexedImages(_folder.File("index"), TestIndex.Settings());
        await collection.UpsertAsync(Enumerable.Range(0, 200).Select(Record), _stop);
        var all = await Found(collection, TestIndex.Vector(7), 200);
        var odd = await Found(collection, TestIndex.Vector(7), 5, new() { Filter = record => record.Path == "odd", Skip = 2, IncludeVectors = true });
        Assert.Equal(all.Where(match => match.Record.Path == "odd").Skip(2).Take(5).Select(match => match.Record.Key), odd.Select(match => match.Record.Key));
        Assert.All(odd, match => Assert.NotNull(match.Record.Vector));
        Assert.All(all, match => Assert.Null(match.Record.Vector));
        var least = all[10].Score;
        Assert.Equal(all.Take(11).Select(match => match.Record.Key), (await Found(collection, TestIndex.Vector(7), 200, new() { ScoreThreshold = least })).Select(match => match.Record.Key));
        var rows = await collection.GetAsync(record => record.Path == "even", 3, new() { Skip = 1 }, _stop).ToListAsync(_stop);
        Assert.Equal(["10", "100", "102"], rows.Select(record => record.Key));
        await Assert.ThrowsAsync<NotSupportedException>(async () => await collection.SearchAsync("words", 3, cancellationToken: _stop).ToListAsync(_stop));
    }

    [Fact]
    public async Task With_an_encoder_words_and_image_files_are_looked_for()
    {
        TinyModel.Save(_folder.File("model"));
        using var loaded = ModelFolder.Load(_folder.File("model"));
        var model = IndexedModel.Of(_folder.File("model"), loaded, new MaskChoice(InferenceMask.None, null));
        var settings = TestIndex.Settings(dim: loaded.Config.Model.EmbedDim) with { Model = model };
        using (var begun = new IndexedImages(_folder.File("index"), settings))
        {
            await begun.EnsureCollectionExistsAsync(_stop);
        }

        using var encoder = QueryEncoder.Open(IndexDescription.Read(_folder.File("index")));
        using var collection = new IndexedImages(_folder.File("index"), settings, encoder);
        var image = TestImages.Encode(40, 30, SKEncodedImageFormat.Png);
        await collection.UpsertAsync([new ImageRecord { Key = "picture", Vector = encoder.OfImage(image) }, new ImageRecord { Key = "words", Vector = encoder.OfTexts(["a red dog"], ["{c}"]) }], _stop);
        Assert.Equal("words", (await Found(collection, "a red dog", 1))[0].Record.Key);
        Assert.Equal("picture", (await Found(collection, image, 1))[0].Record.Key);
        Assert.IsType<ImageIndex>(collection.GetService(typeof(ImageIndex)));
    }

    private static ImageRecord Record(int number) => new()
    {
        Key = number.ToString(System.Globalization.CultureInfo.InvariantCulture),
        Path = number % 2 == 0 ? "even" : "odd",
        Vector = TestIndex.Vector(number),
    };

    private Task<List<VectorSearchResult<ImageRecord>>> Found<TInput>(
        VectorStoreCollection<string, ImageRecord> collection, TInput query, int top, VectorSearchOptions<ImageRecord>? options = null)
        where TInput : notnull => collection.SearchAsync(query, top, options, _stop).ToListAsync(_stop).AsTask();
}
