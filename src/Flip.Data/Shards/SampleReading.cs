namespace Flip.Data.Shards;

/// <summary>Reads something of every sample of a data set, in order.</summary>
internal static class SampleReading
{
    private const int TextOverhead = 16; // characters in whose place an object's header lies

    /// <summary>Characters of all captions that an evaluation holds, 512 MB: CC3M's three million and more. Samples of a tar may be links to one file, so its length is no bound.</summary>
    private const long MostCharacters = 1 << 28;

    /// <summary>The captions of each sample, 1 or more.</summary>
    /// <exception cref="EvaluationDataException">A sample cannot be used, or there are more than memory is for.</exception>
    public static IReadOnlyList<string>[] ReadCaptions(
        DataSetIndex index, Func<MemberReader, SampleEntry, IReadOnlyList<string>> read, CancellationToken cancellation, long most = MostCharacters)
    {
        var characters = 0L;
        return ReadAll(
            index,
            (members, entry) =>
            {
                var captions = read(members, entry);
                characters += captions.Sum(caption => (long)caption.Length + TextOverhead);
                return characters <= most ? captions : throw new EvaluationDataException(FormattableString.Invariant(
                    $"The captions have more than {most:N0} characters together, the most that an evaluation holds: evaluate on fewer shards."));
            },
            cancellation);
    }

    /// <summary>What <paramref name="read"/> makes of each sample.</summary>
    /// <exception cref="EvaluationDataException">A sample cannot be used; the message names it.</exception>
    public static T[] ReadAll<T>(DataSetIndex index, Func<MemberReader, SampleEntry, T> read, CancellationToken cancellation = default)
    {
        using var files = index.OpenFiles();
        var values = new T[checked((int)index.Count)];
        for (var sample = 0; sample < values.Length; sample++)
        {
            cancellation.ThrowIfCancellationRequested();
            var (shard, entry) = index.Find(sample);
            try
            {
                values[sample] = read(index.Members(files, shard), entry);
            }
            catch (BadSampleException e)
            {
                throw new EvaluationDataException(
                    $"The sample {index.Describe(sample)} cannot be used in an evaluation: {e.Cause}, {e.Message}", e);
            }
        }

        return values;
    }
}
