using Flip.Io;
using Parquet;
using Parquet.Schema;

namespace Flip.Tasks.Curation;

/// <summary>Scores as Parquet: <c>key</c>, <c>uid</c>, <c>url</c>, <c>similarity</c>, <c>caption</c>, <c>error</c>; a row for every entry of the source, in its order.</summary>
internal static class ScoreTable
{
    private const string Similarity = "similarity";
    private const string Error = "error";

    /// <summary>Writes a table, whole or not at all.</summary>
    public static void Write(string path, IReadOnlyList<PairScore> rows) => AtomicFile.Write(path, stream => WriteAsync(stream, rows).GetAwaiter().GetResult());

    /// <summary>The similarity of each row, or why it has none.</summary>
    /// <exception cref="ConfigException">It is no such table.</exception>
    public static IReadOnlyList<(float? Similarity, string? Error)> Read(string path)
    {
        try
        {
            return ReadAsync(path).GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is not (OutOfMemoryException or UnauthorizedAccessException))
        {
            throw new ConfigException($"'{path}' is no table of scores: {e.Message.ReplaceLineEndings(" ")} Delete it, and the same command makes it again.");
        }
    }

    private static async Task WriteAsync(Stream stream, IReadOnlyList<PairScore> rows)
    {
        (string Name, Func<PairScore, string?> Of)[] texts = [("key", row => row.Key), ("uid", row => row.Uid), ("url", row => row.Url)];
        var (similarity, caption, error) = (new DataField<float?>(Similarity), new DataField<int?>("caption"), new DataField<string>(Error));
        var fields = texts.Select(column => new DataField<string>(column.Name)).ToList();
        await using var writer = await ParquetWriter.CreateAsync(
            new ParquetSchema([.. fields, similarity, caption, error]), stream, new ParquetOptions { CompressionMethod = CompressionMethod.Snappy });
        using var group = writer.CreateRowGroup();
        foreach (var (field, (_, of)) in fields.Zip(texts))
        {
            await group.WriteAsync(field, [.. rows.Select(row => of(row)!)]);
        }

        await group.WriteAsync<float>(similarity, rows.Select(row => row.Similarity).ToArray());
        await group.WriteAsync<int>(caption, rows.Select(row => row.Caption).ToArray());
        await group.WriteAsync(error, [.. rows.Select(row => row.Error!)]);
    }

    private static async Task<IReadOnlyList<(float? Similarity, string? Error)>> ReadAsync(string path)
    {
        await using var reader = await ParquetReader.CreateAsync(path);
        var fields = reader.Schema.GetDataFields().ToDictionary(field => field.Name);
        var rows = new List<(float?, string?)>();
        for (var i = 0; i < reader.RowGroupCount; i++)
        {
            using var group = reader.OpenRowGroupReader(i);
            var similarities = new float?[checked((int)group.RowCount)];
            var errors = new string?[similarities.Length];
            await group.ReadAsync(fields[Similarity], similarities.AsMemory());
            await group.ReadAsync(fields[Error], errors.AsMemory());
            rows.AddRange(similarities.Zip(errors));
        }

        return rows;
    }
}
