using Flip.Config;

namespace Flip.Decoding;

/// <summary>A beam and the token that it goes on with.</summary>
/// <param name="Beam">The beam, from 0.</param>
/// <param name="Token">The token.</param>
/// <param name="LogProbability">Of the whole sequence.</param>
internal readonly record struct Continuation(int Beam, int Token, double LogProbability);

/// <summary>The beams of one item: the beginnings that are followed, and the sequences that ended.</summary>
/// <param name="options">Beams, lengths, ranking.</param>
/// <param name="endId">The token that ends a sequence.</param>
/// <param name="longest">Most tokens of a sequence, without the marks.</param>
internal sealed class ItemBeams(DecodingConfig options, int endId, int longest)
{
    private readonly List<DecodedSequence> _finished = [];
    private Beginning[] _beginnings = [new Beginning([], 0, 0)];

    /// <summary>Whether no beginning can lead to a sequence that would rank among the best.</summary>
    public bool IsDone { get; private set; }

    /// <summary>The beams' log-probabilities; -∞ where there is no beginning.</summary>
    /// <param name="isFirst">All beams begin alike: one of them stands for all.</param>
    public IEnumerable<double> LogProbabilities(bool isFirst) => Enumerable.Range(0, options.Beams)
        .Select(beam => !IsDone && beam < (isFirst ? 1 : _beginnings.Length) ? _beginnings[beam].LogProbability : double.NegativeInfinity);

    /// <summary>The token that a beam goes on with, and the beam that it came from. Beams without a beginning repeat the first one.</summary>
    public (long Token, int Parent) Last(int beam)
    {
        if (IsDone || _beginnings.Length == 0)
        {
            return (endId, beam);
        }

        var beginning = _beginnings[Math.Min(beam, _beginnings.Length - 1)];
        return (beginning.Tokens[^1], beginning.Parent);
    }

    /// <summary>Tokens that would repeat a run of <see cref="DecodingConfig.NoRepeatNgram"/> tokens in a beam.</summary>
    public IEnumerable<int> Repeated(int beam)
    {
        var size = options.NoRepeatNgram;
        if (size == 0 || IsDone || beam >= _beginnings.Length || _beginnings[beam].Tokens.Length < size)
        {
            return [];
        }

        var tokens = _beginnings[beam].Tokens;
        var last = tokens.AsMemory(tokens.Length - size + 1);
        return Enumerable.Range(0, tokens.Length - size + 1)
            .Where(start => tokens.AsSpan(start, size - 1).SequenceEqual(last.Span))
            .Select(start => tokens[start + size - 1]);
    }

    /// <summary>Takes the best continuations, the best first; where nothing may come next, what there is is cut.</summary>
    public void Advance(IReadOnlyList<Continuation> best)
    {
        if (IsDone)
        {
            return;
        }

        var next = new List<Beginning>();
        for (var rank = 0; rank < best.Count && next.Count < options.Beams; rank++)
        {
            var (beam, token, logProbability) = best[rank];
            var tokens = _beginnings[beam].Tokens;
            if (token != endId)
            {
                next.Add(new Beginning([.. tokens, token], logProbability, beam));
            }
            else if (rank < options.Beams)
            {
                Finish(tokens, logProbability, isFinished: true);
            }
        }

        _beginnings = best.Count > 0 ? [.. next] : _beginnings;
        if (best.Count == 0 || (_beginnings.Length > 0 && _beginnings[0].Tokens.Length >= longest))
        {
            Array.ForEach(_beginnings, cut => Finish(cut.Tokens, cut.LogProbability, isFinished: false));
            _beginnings = [];
        }

        IsDone = _beginnings.Length == 0
            || (_finished.Count >= options.Beams && (options.Beams == 1 || BestPossible() <= _finished[^1].Score));
    }

    /// <summary>The finished sequences, the best first.</summary>
    public IReadOnlyList<DecodedSequence> Finished() => _finished;

    /// <summary>No sequence can rank above this: its log-probability only falls, and the greatest length divides it most.</summary>
    private double BestPossible() => Score(_beginnings[0].LogProbability, longest + 1);

    private double Score(double logProbability, int length) => logProbability / Math.Pow(length, options.LengthPenalty);

    private void Finish(int[] tokens, double logProbability, bool isFinished)
    {
        var sequence = new DecodedSequence(tokens, logProbability, Score(logProbability, tokens.Length + (isFinished ? 1 : 0)), isFinished);
        var place = _finished.FindIndex(other => other.Score < sequence.Score);
        _finished.Insert(place < 0 ? _finished.Count : place, sequence);
        if (_finished.Count > options.Beams)
        {
            _finished.RemoveAt(_finished.Count - 1);
        }
    }

    private sealed record Beginning(int[] Tokens, double LogProbability, int Parent);
}
