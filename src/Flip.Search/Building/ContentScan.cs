using System.Collections.Concurrent;
using Flip.Data;
using Flip.Data.Files;
using Flip.Devices;

namespace Flip.Search.Building;

/// <summary>The hashes of images' bytes (BLAKE3). Files keep theirs between runs (<see cref="ContentHashes"/>); images of shards are read.</summary>
internal static class ContentScan
{
    private const int FilesAtOnce = 1 << 16;
    private const int ReportEvery = 256;

    /// <summary>Hashes of a source's images in order; null for one that cannot be read.</summary>
    /// <param name="images">The source.</param>
    /// <param name="files">Keeps the hashes of files.</param>
    /// <param name="report">Receives how many are done, from any thread.</param>
    /// <param name="cancellation">Stops between two images.</param>
    public static string?[] Of(IImageSource images, ContentHashes files, Action<long> report, CancellationToken cancellation) =>
        images is FileImages ? OfFiles(images, files, report, cancellation) : OfRead(images, report, cancellation);

    private static string?[] OfFiles(IImageSource images, ContentHashes files, Action<long> report, CancellationToken cancellation)
    {
        var hashes = new string?[images.Count];
        foreach (var some in Enumerable.Range(0, images.Count).Chunk(FilesAtOnce))
        {
            var found = files.Of([.. some.Select(image => images.PathOf(image)!)], cancellation);
            foreach (var (image, hash) in some.Zip(found))
            {
                hashes[image] = hash == ContentHashes.None ? null : hash;
            }

            report(some[^1] + 1);
        }

        return hashes;
    }

    private static string?[] OfRead(IImageSource images, Action<long> report, CancellationToken cancellation)
    {
        var (hashes, done) = (new string?[images.Count], 0L);
        using var reader = images.Open();
        var options = new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Processors.Available };
        Parallel.ForEach(Partitioner.Create(0, images.Count, Math.Clamp(images.Count, 1, ReportEvery)), options, range =>
        {
            for (var image = range.Item1; image < range.Item2; image++)
            {
                try
                {
                    using var bytes = reader.Read(image);
                    hashes[image] = ContentHashes.Of(bytes.Span);
                }
                catch (BadSampleException)
                {
                    hashes[image] = null; // the reading of its pixels says why
                }
            }

            lock (hashes)
            {
                report(done += range.Item2 - range.Item1);
            }
        });
        return hashes;
    }
}
