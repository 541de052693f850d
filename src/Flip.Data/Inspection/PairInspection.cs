using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using Flip.Data.Images;
using Flip.Data.Pairs;
using Flip.Devices;
using Flip.Tokenizers;

namespace Flip.Data.Inspection;

/// <summary>Reads pairs as a training would, and says what is there.</summary>
/// <param name="pairs">The pairs.</param>
/// <param name="tokenizer">Counts tokens; null for none.</param>
public sealed class PairInspection(PairSet pairs, ITokenizer? tokenizer)
{
    /// <summary>Rows of text towers: FLIP's and CLIP's.</summary>
    public static readonly IReadOnlyList<int> RowLengths = [32, 77];

    private const int LongestRow = 1024; // tokens that are counted of a caption
    private const int ExamplesOfCause = 3;
    private const int RepeatedShown = 10;
    private const int ThumbnailSide = 160; // pixels

    private readonly ConcurrentDictionary<Hash, int> _images = new();
    private readonly ConcurrentDictionary<string, int> _captions = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<BadOne> _bad = new();

    /// <summary>Reads some samples, evenly spread, several at a time. An instance is for one call.</summary>
    /// <param name="most">How many at most.</param>
    /// <param name="progress">Receives how many are read, from any thread.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="IOException">A shard cannot be read any more.</exception>
    public InspectionResult Run(long most, Action<long>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        var count = (int)Math.Min(Math.Min(most, pairs.Count), Array.MaxLength);
        var found = new Inspected[count];
        var done = 0L;
        var started = Stopwatch.GetTimestamp();
        using var files = pairs.Open();
        var options = new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Processors.Available };
        Parallel.For(0, count, options, i =>
        {
            found[i] = Read(files, Sample(i, count));
            progress?.Invoke(Interlocked.Increment(ref done));
        });
        return Result(found, Stopwatch.GetElapsedTime(started).TotalSeconds, options.MaxDegreeOfParallelism);
    }

    /// <summary>Some samples that can be used, evenly spread: the image's file and its first caption.</summary>
    /// <param name="count">How many at most.</param>
    public IEnumerable<(byte[] Image, string Caption)> Examples(int count)
    {
        using var files = pairs.Open();
        count = (int)Math.Min(count, pairs.Count);
        for (var i = 0; i < count; i++)
        {
            (byte[], string)? example = null;
            try
            {
                var pair = files.At(Sample(i, count));
                using var image = pair.ReadImage();
                example = (Thumbnail.Of(image.Span, ThumbnailSide), pair.ReadCaptions()[0]);
            }
            catch (BadSampleException)
            {
                // counted by the inspection
            }

            if (example is { } good)
            {
                yield return good;
            }
        }
    }

    private long Sample(int i, int count) => (long)(i * (pairs.Count / (double)count));

    private Inspected Read(IPairFiles files, long sample)
    {
        var inspected = default(Inspected);
        IPair pair;
        try
        {
            pair = files.At(sample);
        }
        catch (BadSampleException e)
        {
            _bad.Enqueue(new BadOne(sample, e.Cause, e.Message));
            return inspected;
        }

        try
        {
            using var image = pair.ReadImage();
            using var decoded = ImageDecoder.Decode(image.Span);
            var isRepeated = !_images.TryAdd(Hash.Of(image.Span), 0);
            inspected = inspected with
            {
                Width = decoded.Width,
                Height = decoded.Height,
                Bytes = image.Length,
                Format = ImageFormat.Of(image.Span),
                IsImageRepeated = isRepeated,
            };
        }
        catch (BadSampleException e)
        {
            _bad.Enqueue(new BadOne(sample, e.Cause, e.Message));
        }

        try
        {
            var texts = pair.ReadCaptions();
            return inspected with { Captions = [.. texts.Select(Caption)] };
        }
        catch (BadSampleException e)
        {
            _bad.Enqueue(new BadOne(sample, e.Cause, e.Message));
            return inspected;
        }
    }

    private InspectedCaption Caption(string text)
    {
        _captions.AddOrUpdate(text, 1, (_, count) => count + 1);
        return new InspectedCaption(text.Length, tokenizer?.EncodeRow(text, new int[LongestRow]) ?? 0);
    }

    private InspectionResult Result(Inspected[] all, double seconds, int threads)
    {
        var images = all.Where(one => one.Format is not null).ToList();
        var texts = all.Where(one => one.Captions is not null).SelectMany(one => one.Captions!).ToList();
        var causes = _bad.GroupBy(one => one.Cause).OrderByDescending(cause => cause.Count()).ToList();
        return new InspectionResult(
            pairs.Parts.Count,
            pairs.Count,
            all.Length,
            pairs.Findings,
            new InspectedImages(
                images.Count,
                Distribution.Of(images.Select(one => (double)one.Width)),
                Distribution.Of(images.Select(one => (double)one.Height)),
                Distribution.Of(images.Select(one => (double)Math.Min(one.Width, one.Height))),
                Distribution.Of(images.Select(one => Math.Max(one.Width, one.Height) / (double)Math.Min(one.Width, one.Height))),
                Distribution.Of(images.Select(one => (double)one.Bytes)),
                images.CountBy(one => one.Format!).OrderByDescending(format => format.Value).ToDictionary(format => format.Key, format => (long)format.Value),
                images.Count(one => one.IsImageRepeated)),
            new InspectedCaptions(
                texts.Count,
                Distribution.Of(all.Where(one => one.Captions is not null).Select(one => (double)one.Captions!.Length)),
                Distribution.Of(texts.Select(text => (double)text.Characters)),
                tokenizer is null ? null : Distribution.Of(texts.Select(text => (double)text.Tokens)),
                tokenizer is null || texts.Count == 0
                    ? new Dictionary<int, double>()
                    : RowLengths.ToDictionary(length => length, length => texts.Count(text => text.Tokens > length) / (double)texts.Count),
                texts.Count - _captions.Count,
                _captions.Where(text => text.Value > 1).OrderByDescending(text => text.Value).ThenBy(text => text.Key, StringComparer.Ordinal)
                    .Take(RepeatedShown).ToDictionary(text => UnicodeName.Printable(text.Key), text => (long)text.Value)),
            causes.ToDictionary(cause => cause.Key, cause => (long)cause.Count()),
            [.. causes.SelectMany(cause => cause.OrderBy(one => one.Sample).Take(ExamplesOfCause)
                .Select(one => $"{one.Cause}: {pairs.Describe(one.Sample)}: {one.Message}"))],
            seconds,
            threads);
    }

    /// <summary>A sample's numbers; no format where its image cannot be used, and no captions where it has none that can.</summary>
    private readonly record struct Inspected(int Width, int Height, int Bytes, string? Format, bool IsImageRepeated, InspectedCaption[]? Captions);

    private readonly record struct InspectedCaption(int Characters, int Tokens);

    private readonly record struct BadOne(long Sample, string Cause, string Message);

    /// <summary>The first half of a SHA-256: two of a billion files are the same by chance once in 10^20.</summary>
    private readonly record struct Hash(ulong High, ulong Low)
    {
        public static Hash Of(ReadOnlySpan<byte> bytes)
        {
            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(bytes, hash);
            return new Hash(BitConverter.ToUInt64(hash), BitConverter.ToUInt64(hash[8..]));
        }
    }
}
