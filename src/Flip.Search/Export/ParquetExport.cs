using System.Globalization;
using Flip.Evaluation.Embedding;

namespace Flip.Search.Export;

/// <summary>An index as Parquet, as <c>flip embed</c> writes it: columns <c>key</c>, <c>embedding</c> (a list of D floats) and <c>path</c>.</summary>
public static class ParquetExport
{
    private const int FloatsPerGroup = 1 << 24;

    /// <summary>Writes the file; it appears whole or not at all.</summary>
    /// <param name="index">The index.</param>
    /// <param name="path">The file.</param>
    /// <param name="report">Receives how many images are done.</param>
    /// <param name="cancellation">Stops between two groups of rows.</param>
    /// <returns>Images that were written.</returns>
    public static long Write(ImageIndex index, string path, Action<long>? report = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(index);
        var settings = index.Description.Settings;
        var done = 0L;
        ParquetEmbeddings.Write(
            path,
            new Dictionary<string, string>
            {
                ["kind"] = "images",
                ["embedDim"] = settings.EmbedDim.ToString(CultureInfo.InvariantCulture),
                ["weights"] = settings.Model.Weights,
                ["format"] = settings.Format.ToString(),
            },
            settings.EmbedDim,
            "path",
            Groups(),
            temporarySuffix: null,
            cancellation);
        return done;

        IEnumerable<(List<string> Keys, List<string>? Texts, float[] Vectors)> Groups()
        {
            foreach (var rows in index.Read().Chunk(Math.Max(1, FloatsPerGroup / settings.EmbedDim)))
            {
                var vectors = new float[rows.Length * settings.EmbedDim];
                foreach (var (i, row) in rows.Index())
                {
                    row.Vector.CopyTo(vectors, i * settings.EmbedDim);
                }

                yield return ([.. rows.Select(row => row.Key)], [.. rows.Select(row => row.Path)], vectors);
                done += rows.Length;
                report?.Invoke(done);
            }
        }
    }
}
