using Flip.Data.Loading;

namespace Flip.Data.Formats;

/// <summary>Reads something of every sample of a data set, in order.</summary>
internal static class SampleReading
{
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
