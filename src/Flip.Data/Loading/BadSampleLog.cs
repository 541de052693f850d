using System.Globalization;
using Flip.Training;

namespace Flip.Data.Loading;

/// <summary>
/// Counts bad samples by cause and stops the run above a share. Batches are accounted for when they are handed over, so the
/// counts depend on the position alone, not on how far the threads are ahead.
/// </summary>
internal sealed class BadSampleLog(double maxShare, Func<long, string> describe)
{
    /// <summary>One bad sample at the very beginning is no share of anything: the share is of at least this many.</summary>
    private const long FewestSeen = 200;

    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, (long Count, BadSample First)> _causes = new(StringComparer.Ordinal);
    private long _good;
    private long _bad;

    /// <summary>How many, by cause.</summary>
    public IReadOnlyDictionary<string, long> Counts()
    {
        lock (_gate)
        {
            return _causes.ToDictionary(cause => cause.Key, cause => cause.Value.Count, StringComparer.Ordinal);
        }
    }

    /// <summary>Accounts for a batch.</summary>
    /// <exception cref="TooManyBadSamplesException">The share is above the largest allowed.</exception>
    public void Add(int good, IEnumerable<BadSample> bad)
    {
        lock (_gate)
        {
            _good += good;
            foreach (var sample in bad.OrderBy(sample => sample.Row))
            {
                _bad++;
                var known = _causes.TryGetValue(sample.Cause, out var entry) ? entry : (Count: 0, First: sample);
                _causes[sample.Cause] = (known.Count + 1, known.First);
            }
        }

        if (_bad > maxShare * Math.Max(_good + _bad, FewestSeen))
        {
            throw new TooManyBadSamplesException(string.Create(
                CultureInfo.InvariantCulture,
                $"{_bad} of {_good + _bad} samples could not be used, more than the allowed share of {maxShare:0.###}: {Describe()}"));
        }
    }

    /// <summary>Counts and one example for each cause, with shard and key.</summary>
    private string Describe()
    {
        lock (_gate)
        {
            return string.Join("; ", _causes.Select(cause =>
                $"{cause.Value.Count} × {cause.Key}, such as {describe(cause.Value.First.Sample)}: {cause.Value.First.Message}"));
        }
    }
}
