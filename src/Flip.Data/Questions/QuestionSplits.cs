using System.Collections.Concurrent;
using Flip.Devices;

namespace Flip.Data.Questions;

/// <summary>Compares the images of training and test, by the contents of their files: a copy under another name is found, and two files of one name are not
/// taken for one image.</summary>
public static class QuestionSplits
{
    /// <summary>The images of a test that are in the training data too; null where there are none. Images that cannot be read are passed over.</summary>
    /// <param name="train">What is trained on.</param>
    /// <param name="test">What is tested on.</param>
    /// <param name="cancellation">Stops between two images.</param>
    public static SharedImages? Shared(QuestionedImages train, QuestionedImages test, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(test);
        var trained = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (image, hash) in Hashes(train.Images, cancellation))
        {
            trained.TryAdd(hash, image);
        }

        var shared = Hashes(test.Images, cancellation).Where(image => trained.ContainsKey(image.Hash)).ToList();
        if (shared.Count == 0)
        {
            return null;
        }

        var both = shared.Select(image => image.Image).ToHashSet();
        return new SharedImages(
            shared.Count,
            test.Images.Count,
            test.Questions.Count(question => both.Contains(question.Image)),
            test.Images.Describe(shared[0].Image),
            train.Images.Describe(trained[shared[0].Hash]));
    }

    /// <summary>The hash of each image that can be read, in their order.</summary>
    private static List<(int Image, string Hash)> Hashes(IImageSource images, CancellationToken cancellation)
    {
        var hashes = new ConcurrentBag<(int Image, string Hash)>();
        using var reader = images.Open();
        var options = new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Processors.Available };
        Parallel.For(0, images.Count, options, image =>
        {
            try
            {
                using var bytes = reader.Read(image);
                hashes.Add((image, ContentHashes.Of(bytes.Span)));
            }
            catch (BadSampleException)
            {
                // Whoever trains or tests on it says so.
            }
        });
        return [.. hashes.OrderBy(image => image.Image)];
    }
}
