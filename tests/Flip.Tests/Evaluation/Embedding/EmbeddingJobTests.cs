using System.Text;
using Flip.Config;
using Flip.Data;
using Flip.Data.Files;
using Flip.Data.Images;
using Flip.Data.Layouts;
using Flip.Data.Loading;
using Flip.Evaluation.Embedding;
using Flip.Io;
using Flip.Models;
using Flip.Storage;
using Flip.Tests.Data.Images;
using Flip.Tests.Training;
using Parquet;
using Parquet.Schema;

namespace Flip.Tests.Evaluation.Embedding;

public sealed class EmbeddingJobTests : IDisposable
{
    private const int BatchSize = 3;
    private const int Dim = 8;

    private readonly FlipModel _model = TinyRun.Model(TinyRun.Config);
    private readonly ImageFolderFixture _images = new();
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _model.Dispose();
        _images.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("safetensors", true, InferenceMask.None)]
    [InlineData("safetensors", true, InferenceMask.Masked)]
    [InlineData("parquet", true, InferenceMask.Ensemble)]
    [InlineData("safetensors", false, InferenceMask.None)]
    [InlineData("parquet", false, InferenceMask.None)]
    public void A_stopped_job_ends_with_the_same_bytes(string extension, bool ofImages, InferenceMask mask)
    {
        _images.Add(14);
        _images.AddBytes("0004.png", [1, 2, 3]); // masks depend on the images before, not on the files
        IItemEncoder items = ofImages ? Images(mask, allowMissing: true) : Texts(14);
        var whole = _folder.File("whole." + extension);
        Run(whole, items, allowMissing: true);

        var cut = _folder.File("cut." + extension);
        foreach (var batches in (int[])[2, 1, 1])
        {
            Assert.Throws<OperationCanceledException>(() => Run(cut, items, allowMissing: true, stopAfter: batches));
            Assert.False(File.Exists(cut));
        }

        // What a process leaves that is killed while it writes.
        File.WriteAllBytes(Path.Combine(cut + ".parts", "part-000000000012.safetensors.tmp"), [1]);
        File.WriteAllBytes(cut + ".tmp", [1]);
        var last = Run(cut, items, allowMissing: true);
        Assert.Equal(12, last.Resumed);
        Assert.Equal(File.ReadAllBytes(whole), File.ReadAllBytes(cut));
        Assert.Equal([whole, cut], Directory.GetFileSystemEntries(_folder.Path).OrderDescending());
    }

    [Fact]
    public void Safetensors_hold_embeddings_and_keys()
    {
        var items = Images(count: 7);
        var file = _folder.File("x.safetensors");
        var result = Run(file, items);
        Assert.Equal((7, 0), (result.Embedded, result.Resumed));
        using var reader = new SafetensorsReader(file);
        Assert.Equal(["embeddings", "keys"], reader.Names);
        Assert.Equal([7, Dim], reader.Describe("embeddings").Shape);
        Assert.Equal(items.Encode().SelectMany(batch => batch.Vectors), reader.ReadFloats("embeddings"));
        Assert.Equal(items.Encode().SelectMany(batch => batch.Keys), Keys(reader));
        Assert.Equal("weights", reader.Metadata["weights"]);
        var rows = reader.ReadFloats("embeddings").Chunk(Dim).ToList();
        Assert.All(rows, row => Assert.Equal(1, row.Sum(value => value * value), 1e-5));
        Assert.NotEqual(rows[0], rows[1]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Parquet_holds_key_embedding_and_text_in_row_groups(bool ofImages)
    {
        IItemEncoder items = ofImages ? Images(count: 11) : Texts(11);
        var manifest = EmbeddingManifest.Of(items, "weights", new Dictionary<string, string> { ["precision"] = "Float32" });
        var file = _folder.File("x.parquet");
        using (var parts = EmbeddingParts.Open(file, manifest, overwrite: false, allowMissing: false))
        {
            foreach (var batch in items.Encode())
            {
                parts.Add(batch);
            }

            ParquetEmbeddings.Write(file, parts, ".tmp", CancellationToken.None, floatsPerGroup: 4 * Dim);
        }

        await using var reader = await ParquetReader.CreateAsync(file, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(ofImages ? ["key", "embedding"] : ["key", "embedding", "text"], reader.Schema.Fields.Select(field => field.Name));
        Assert.Equal(3, reader.RowGroupCount);
        Assert.Equal("weights", reader.CustomMetadata["weights"]);
        var (keys, texts, vectors, lists) = (new List<string>(), new List<string>(), new List<float>(), new List<int>());
        foreach (var (group, expectedRows) in ((int[])[4, 4, 3]).Index())
        {
            using var rows = reader.OpenRowGroupReader(group);
            Assert.Equal(expectedRows, rows.RowCount);
            var fields = reader.Schema.DataFields;
            keys.AddRange(await Strings(rows, fields[0]));
            var (values, levels) = (new float[expectedRows * Dim], new int[expectedRows * Dim]);
            await rows.ReadRawAsync<float>(fields[1], values, new int[values.Length], levels, TestContext.Current.CancellationToken);
            vectors.AddRange(values);
            lists.AddRange(levels);
            if (!ofImages)
            {
                texts.AddRange(await Strings(rows, fields[2]));
            }
        }

        Assert.Equal(items.Encode().SelectMany(batch => batch.Keys), keys);
        Assert.Equal(items.Encode().SelectMany(batch => batch.Vectors), vectors);
        Assert.Equal(items.Encode().SelectMany(batch => batch.Texts ?? []), texts);
        Assert.Equal(Enumerable.Range(0, 11 * Dim).Select(i => i % Dim == 0 ? 0 : 1), lists);

        async Task<string[]> Strings(ParquetRowGroupReader rows, DataField field)
        {
            var values = new string[rows.RowCount];
            await rows.ReadAsync(field, values, null, TestContext.Current.CancellationToken);
            return values;
        }
    }

    [Fact]
    public void Unfinished_work_of_another_model_source_or_setting_is_refused_or_begun_anew()
    {
        var file = _folder.File("x.safetensors");
        var items = Images(count: 9);
        Assert.Throws<OperationCanceledException>(() => Run(file, items, stopAfter: 1));
        Assert.Contains("weights was weights and is others", Refusal(() => Run(file, items, weights: "others")), StringComparison.Ordinal);
        Assert.Contains("precision was Float32 and is BFloat16", Refusal(() => Run(file, items, precision: "BFloat16")), StringComparison.Ordinal);
        var texts = Refusal(() => Run(file, Texts(9)));
        Assert.Contains("kind was images and is texts", texts, StringComparison.Ordinal);
        Assert.Contains("source was ", texts, StringComparison.Ordinal);

        _images.Add("0003.png", 100); // as many images, of the same names
        Assert.Contains("source was ", Refusal(() => Run(file, Images())), StringComparison.Ordinal);
        Assert.Equal(0, Run(file, Images(), overwrite: true).Resumed);
        using var reader = new SafetensorsReader(file);
        Assert.Equal(Images().Encode().SelectMany(batch => batch.Vectors), reader.ReadFloats("embeddings"));
    }

    [Fact]
    public void Overwriting_goes_on_with_its_own_unfinished_work()
    {
        var file = _folder.File("x.parquet");
        File.WriteAllText(file, "old");
        var items = Images(count: 9);
        Assert.Contains("exists", Refusal(() => Run(file, items)), StringComparison.Ordinal);
        Assert.Throws<OperationCanceledException>(() => Run(file, items, overwrite: true, stopAfter: 2));
        Assert.Equal("old", File.ReadAllText(file));
        Assert.Equal(6, Run(file, items, overwrite: true).Resumed);
        Assert.NotEqual(3, new FileInfo(file).Length);
    }

    [Fact]
    public void A_damaged_part_is_refused_or_begun_anew()
    {
        var file = _folder.File("x.safetensors");
        var items = Images(count: 9);
        Assert.Throws<OperationCanceledException>(() => Run(file, items, stopAfter: 2));
        var part = Path.Combine(file + ".parts", "part-000000000000.safetensors");
        File.WriteAllBytes(part, File.ReadAllBytes(part)[..^5]);
        Assert.Contains("part-000000000000.safetensors", Refusal(() => Run(file, items)), StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(file + ".parts", "manifest.json"), "{}");
        Assert.Contains("manifest.json is not readable", Refusal(() => Run(file, items)), StringComparison.Ordinal);
        Assert.Equal(0, Run(file, items, overwrite: true).Resumed);
    }

    [Fact]
    public void What_was_done_before_a_bad_image_is_kept_and_the_image_can_be_left_out()
    {
        _images.Add(12);
        _images.AddBytes("0007.png", [0x89, 0x50]);
        var file = _folder.File("x.safetensors");
        var error = Assert.Throws<EvaluationDataException>(() => Run(file, Images()));
        Assert.Contains("'0007.png' cannot be used: not an image", error.Message, StringComparison.Ordinal);
        var result = Run(file, Images(allowMissing: true), allowMissing: true);
        Assert.Equal((6, 11), (result.Resumed, result.Embedded));
        Assert.Equal("0007.png", Assert.Single(result.Missing).Key);
        using (var reader = new SafetensorsReader(file))
        {
            Assert.Equal(Enumerable.Range(0, 12).Where(i => i != 7).Select(i => $"{i:D4}.png"), Keys(reader));
        }

        // Work that left something out is not continued where that is not allowed.
        Assert.Throws<OperationCanceledException>(() => Run(file, Images(allowMissing: true), overwrite: true, allowMissing: true, stopAfter: 3));
        File.Delete(file);
        Assert.Contains("left out '0007.png'", Refusal(() => Run(file, Images())), StringComparison.Ordinal);
        _images.Add("0007.png", 30);
    }

    [Fact]
    public void Without_one_usable_image_there_is_no_file()
    {
        _images.AddBytes("a.png", [1]);
        _images.AddBytes("b.png", []);
        var file = _folder.File("x.safetensors");
        Assert.Contains("None of the 2 images", Refusal(() => Run(file, Images(allowMissing: true), allowMissing: true)), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void Two_processes_cannot_make_the_same_file()
    {
        var file = _folder.File("x.safetensors");
        var items = Images(count: 2);
        var manifest = EmbeddingManifest.Of(items, "weights", new Dictionary<string, string>());
        using var first = EmbeddingParts.Open(file, manifest, overwrite: false, allowMissing: false);
        var refused = Assert.Throws<FolderInUseException>(() => EmbeddingParts.Open(file, manifest, overwrite: true, allowMissing: false));
        Assert.Contains("in use", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Blank_texts_are_an_error_or_left_out()
    {
        var path = _folder.File("t.txt");
        File.WriteAllLines(path, ["a", "", "b"]);
        var source = TextSources.Open(path);
        var encoder = new InferenceEncoder(_model);
        Assert.Contains("line 2", Assert.Throws<EvaluationDataException>(() => new TextItems(source, encoder, new WordTokenizer(), 2)).Message, StringComparison.Ordinal);
        var items = new TextItems(source, encoder, new WordTokenizer(), 2, allowMissing: true);
        Assert.Equal(["1", "3"], items.Encode().SelectMany(batch => batch.Keys));
        Assert.Equal("2", Assert.Single(items.Encode().SelectMany(batch => batch.Missing)).Key);
        File.WriteAllText(path, "");
        Assert.Contains("empty", Refusal(() => _ = new TextItems(TextSources.Open(path), encoder, new WordTokenizer(), 2)), StringComparison.Ordinal);
    }

    private static string[] Keys(SafetensorsReader reader)
    {
        using var keys = reader.ReadTensor("keys");
        return Encoding.UTF8.GetString(keys.bytes).Split('\n');
    }

    private static string Refusal(Action action) => Assert.Throws<ConfigException>(action).Message;

    private EmbeddingResult Run(
        string file,
        IItemEncoder items,
        bool overwrite = false,
        bool allowMissing = false,
        int stopAfter = int.MaxValue,
        string weights = "weights",
        string precision = "Float32")
    {
        using var stop = new CancellationTokenSource();
        var batches = -1; // the first report is of what was done before
        var job = new EmbeddingJob(file) { PartItems = 2 * BatchSize };
        var manifest = EmbeddingManifest.Of(items, weights, new Dictionary<string, string> { ["precision"] = precision });
        return job.Run(items, manifest, overwrite, allowMissing, Report, stop.Token);

        void Report(long done)
        {
            if (++batches == stopAfter)
            {
                stop.Cancel();
            }
        }
    }

    private ImageItems Images(InferenceMask mask = InferenceMask.None, bool allowMissing = false, int count = 0)
    {
        _images.Add(count);
        var loader = new ImageLoader(ImageSources.Open(_images.Path), new EvaluationTransform(EvalTransform.Flip, 16), 2, allowMissing);
        return new ImageItems(loader, seen => new InferenceEncoder(_model, mask, 0.5, 1, seen), BatchSize);
    }

    private TextItems Texts(int count)
    {
        var path = _folder.File("texts");
        File.WriteAllLines(path, Enumerable.Range(0, count).Select(i => $"text {i}"));
        using var lines = File.OpenText(path);
        var source = TextLines.OfReader(lines, "texts");
        lines.Close();
        File.Delete(path);
        return new TextItems(source, new InferenceEncoder(_model), new WordTokenizer(), BatchSize);
    }
}
