using System.Text.Json;
using Flip.Io;
using Parquet;
using Parquet.Schema;

namespace Flip.Ingest.Downloading;

/// <summary>The table beside a shard, <c>00000.parquet</c>: one row for each of the list's, with what became of it.</summary>
internal static class MetadataTable
{
    /// <summary>Writes a shard's table.</summary>
    /// <param name="path">The file.</param>
    /// <param name="list">Says which columns there are.</param>
    /// <param name="rows">Rows of the list.</param>
    /// <param name="keys">Their keys.</param>
    /// <param name="outcomes">What became of them.</param>
    public static void Write(string path, IUrlList list, IReadOnlyList<UrlRow> rows, IReadOnlyList<string> keys, IReadOnlyList<RowOutcome> outcomes) =>
        AtomicFile.Write(path, stream => WriteAsync(stream, list, rows, keys, outcomes).GetAwaiter().GetResult());

    /// <summary>Reads what became of the rows of a finished shard.</summary>
    /// <exception cref="InvalidDataException">It is no such table.</exception>
    public static IReadOnlyList<RowOutcome> ReadOutcomes(string path)
    {
        try
        {
            return ReadAsync(path).GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is not (IOException or InvalidDataException))
        {
            throw new InvalidDataException($"'{path}' is no table of a shard: {e.Message} Delete it with the shard's _stats.json, and the shard is made again.", e);
        }
    }

    private static async Task WriteAsync(
        Stream stream, IUrlList list, IReadOnlyList<UrlRow> rows, IReadOnlyList<string> keys, IReadOnlyList<RowOutcome> outcomes)
    {
        var saved = list.SavedColumns.Select((name, i) => new SavedColumn(name, rows.Select(row => row.Saved[i]).ToList())).ToList();
        var texts = new List<(string Name, IReadOnlyCollection<string?> Values)>();
        if (list.HasCaptions)
        {
            texts.Add((RowFields.Caption, [.. rows.Select(row => row.Caption)]));
        }

        texts.Add((RowFields.Url, [.. rows.Select(row => row.Url)]));
        texts.Add(("key", [.. keys]));
        texts.Add(("status", [.. outcomes.Select(row => row.Status)]));
        texts.Add(("error_message", [.. outcomes.Select(row => row.Error)]));
        var numbers = new (string Name, Func<RowOutcome, int?> Of)[]
        {
            ("width", row => row.Width), ("height", row => row.Height), ("original_width", row => row.OriginalWidth), ("original_height", row => row.OriginalHeight),
        };
        var last = new (string Name, IReadOnlyCollection<string?> Values)[] { ("exif", [.. outcomes.Select(row => row.Exif)]), ("sha256", [.. outcomes.Select(row => row.Sha256)]) };
        var schema = new ParquetSchema(
        [
            .. saved.Select(column => column.Field),
            .. texts.Select(column => new DataField<string>(column.Name)),
            .. numbers.Select(column => new DataField<long?>(column.Name)),
            .. last.Select(column => new DataField<string>(column.Name)),
        ]);
        await using var writer = await ParquetWriter.CreateAsync(schema, stream, new ParquetOptions { CompressionMethod = CompressionMethod.Snappy });
        using var group = writer.CreateRowGroup();
        var fields = schema.GetDataFields().ToDictionary(field => field.Name);
        foreach (var column in saved)
        {
            await column.WriteAsync(group, fields[column.Field.Name]);
        }

        foreach (var (name, values) in texts)
        {
            await group.WriteAsync(fields[name], values!);
        }

        foreach (var (name, of) in numbers)
        {
            await group.WriteAsync<long>(fields[name], outcomes.Select(row => (long?)of(row)).ToArray());
        }

        foreach (var (name, values) in last)
        {
            await group.WriteAsync(fields[name], values!);
        }
    }

    private static async Task<IReadOnlyList<RowOutcome>> ReadAsync(string path)
    {
        await using var reader = await ParquetReader.CreateAsync(path);
        var fields = reader.Schema.GetDataFields().ToDictionary(field => field.Name);
        var outcomes = new List<RowOutcome>();
        for (var i = 0; i < reader.RowGroupCount; i++)
        {
            using var group = reader.OpenRowGroupReader(i);
            var count = checked((int)group.RowCount);
            var (status, error) = (await Texts("status"), await Texts("error_message"));
            var (width, height) = (await Numbers("width"), await Numbers("height"));
            var (originalWidth, originalHeight) = (await Numbers("original_width"), await Numbers("original_height"));
            var (exif, sha256) = (await Texts("exif"), await Texts("sha256"));
            outcomes.AddRange(Enumerable.Range(0, count).Select(row => new RowOutcome
            {
                Status = status[row] ?? throw new InvalidDataException($"'{path}': row {row} has no status."),
                Error = error[row],
                Width = (int?)width[row],
                Height = (int?)height[row],
                OriginalWidth = (int?)originalWidth[row],
                OriginalHeight = (int?)originalHeight[row],
                Exif = exif[row],
                Sha256 = sha256[row],
            }));

            async Task<string?[]> Texts(string name)
            {
                var values = new string?[count];
                await group.ReadAsync(fields[name], values.AsMemory());
                return values;
            }

            async Task<long?[]> Numbers(string name)
            {
                var values = new long?[count];
                await group.ReadAsync(fields[name], values.AsMemory());
                return values;
            }
        }

        return outcomes;
    }

    /// <summary>A column of the list, of the narrowest type that holds all its values: whole numbers, numbers, truth values, else texts.</summary>
    private sealed class SavedColumn
    {
        private readonly IReadOnlyList<JsonElement?> _values;

        public SavedColumn(string name, IReadOnlyList<JsonElement?> values)
        {
            _values = [.. values.Select(value => value is { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined } ? null : value)];
            var given = _values.OfType<JsonElement>().ToList();
            Field = given.Count == 0 ? new DataField<string>(name)
                : given.TrueForAll(value => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _)) ? new DataField<long?>(name)
                : given.TrueForAll(value => value.ValueKind == JsonValueKind.Number) ? new DataField<double?>(name)
                : given.TrueForAll(value => value.ValueKind is JsonValueKind.True or JsonValueKind.False) ? new DataField<bool?>(name)
                : new DataField<string>(name);
        }

        public DataField Field { get; }

        public async Task WriteAsync(ParquetRowGroupWriter group, DataField field)
        {
            if (field.ClrType == typeof(long))
            {
                await group.WriteAsync<long>(field, _values.Select(value => value?.GetInt64()).ToArray());
            }
            else if (field.ClrType == typeof(double))
            {
                await group.WriteAsync<double>(field, _values.Select(value => value?.GetDouble()).ToArray());
            }
            else if (field.ClrType == typeof(bool))
            {
                await group.WriteAsync<bool>(field, _values.Select(value => value?.GetBoolean()).ToArray());
            }
            else
            {
                await group.WriteAsync(field, [.. _values.Select(value => value?.ValueKind == JsonValueKind.String ? value.Value.GetString()! : value?.GetRawText()!)]);
            }
        }
    }
}
