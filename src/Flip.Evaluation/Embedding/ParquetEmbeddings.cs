using Flip.Io;
using Parquet;
using Parquet.Schema;

namespace Flip.Evaluation.Embedding;

/// <summary>
/// Embeddings as Parquet: columns <c>key</c>, <c>embedding</c> (a list of D floats) and, for texts, <c>text</c>, in row groups of about
/// 64 MB.
/// </summary>
internal static class ParquetEmbeddings
{
    public const string Extension = ".parquet";

    private const int FloatsPerGroup = 1 << 24;

    /// <summary>Joins the parts.</summary>
    public static void Write(
        string path, EmbeddingParts parts, string temporarySuffix, CancellationToken cancellation, int floatsPerGroup = FloatsPerGroup) =>
        Write(path, parts.Manifest.ToValues(), parts.Manifest.EmbedDim, parts.Manifest.Kind == "texts" ? "text" : null, Groups(parts, floatsPerGroup), temporarySuffix, cancellation);

    /// <summary>Writes rows that come in groups.</summary>
    /// <param name="path">The file.</param>
    /// <param name="values">What the file says of itself, by name.</param>
    /// <param name="dim">Numbers of an embedding.</param>
    /// <param name="column">Name of a third column, of texts; null for none.</param>
    /// <param name="groups">Keys, texts of the third column, and embeddings <c>[keys, dim]</c>.</param>
    /// <param name="temporarySuffix">Ending of the file while it is written.</param>
    /// <param name="cancellation">Stops between two groups.</param>
    internal static void Write(
        string path,
        IReadOnlyDictionary<string, string> values,
        int dim,
        string? column,
        IEnumerable<(List<string> Keys, List<string>? Texts, float[] Vectors)> groups,
        string? temporarySuffix,
        CancellationToken cancellation) =>
        AtomicFile.Write(path, stream => WriteAsync(stream, values, dim, column, groups, cancellation).GetAwaiter().GetResult(), temporarySuffix);

    private static async Task WriteAsync(
        Stream stream,
        IReadOnlyDictionary<string, string> values,
        int dim,
        string? column,
        IEnumerable<(List<string> Keys, List<string>? Texts, float[] Vectors)> groups,
        CancellationToken cancellation)
    {
        var key = new DataField<string>("key", nullable: false);
        var element = new DataField<float>("element", nullable: false);
        var text = column is not null ? new DataField<string>(column, nullable: false) : null;
        var schema = new ParquetSchema([key, new ListField("embedding", element), .. text is null ? Array.Empty<Field>() : [text]]);
        await using var writer = await ParquetWriter.CreateAsync(
            schema, stream, new ParquetOptions { CompressionMethod = CompressionMethod.Snappy }, cancellationToken: cancellation);
        writer.CustomMetadata = new Dictionary<string, string>(values);
        foreach (var group in groups)
        {
            cancellation.ThrowIfCancellationRequested();
            using var rows = writer.CreateRowGroup();
            await rows.WriteAsync(key, group.Keys);
            await rows.WriteAllPartsAsync<float>(
                element,
                group.Vectors,
                Enumerable.Repeat(element.MaxDefinitionLevel, group.Vectors.Length).ToArray(),
                RepetitionLevels(group.Vectors.Length, dim),
                cancellation);
            if (text is not null)
            {
                await rows.WriteAsync(text, group.Texts!);
            }
        }
    }

    /// <summary>Rows of a group; groups do not depend on the parts, so that a stop does not show in the file.</summary>
    private static IEnumerable<(List<string> Keys, List<string>? Texts, float[] Vectors)> Groups(EmbeddingParts parts, int floatsPerGroup)
    {
        var dim = parts.Manifest.EmbedDim;
        var rowsPerGroup = Math.Max(1, floatsPerGroup / dim);
        var left = parts.Embedded;
        (List<string> Keys, List<string>? Texts, float[] Vectors) group = New();
        foreach (var items in parts.Read())
        {
            for (var row = 0; row < items.Keys.Count; row++)
            {
                items.Vectors.AsSpan(row * dim, dim).CopyTo(group.Vectors.AsSpan(group.Keys.Count * dim));
                group.Keys.Add(items.Keys[row]);
                group.Texts?.Add(items.Texts![row]);
                if (group.Keys.Count * dim == group.Vectors.Length)
                {
                    yield return group;
                    left -= group.Keys.Count;
                    group = New();
                }
            }
        }

        (List<string>, List<string>?, float[]) New() =>
            ([], parts.Manifest.Kind == "texts" ? [] : null, new float[Math.Min(rowsPerGroup, left) * dim]);
    }

    /// <summary>0 where a row's list begins, else 1.</summary>
    private static int[] RepetitionLevels(int count, int dim)
    {
        var levels = new int[count];
        levels.AsSpan().Fill(1);
        for (var row = 0; row < count; row += dim)
        {
            levels[row] = 0;
        }

        return levels;
    }
}
