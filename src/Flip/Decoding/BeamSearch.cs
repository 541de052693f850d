using Flip.Config;
using Flip.Devices;
using Flip.Models;
using static TorchSharp.torch;

namespace Flip.Decoding;

/// <summary>
/// Beam search: of each item the likeliest beginnings are followed, as many as there are beams, until none of them can lead to a sequence that ranks among the best
/// finished ones. One beam is greedy search, which ends with the first end. Of equal scores the earlier beam and the smaller token win, so that the result depends on the scores alone.
/// </summary>
/// <param name="options">Beams, lengths, ranking.</param>
/// <param name="beginId">The token that begins all sequences.</param>
/// <param name="endId">The token that ends one.</param>
/// <param name="most">Places of the model, the marks among them: no sequence is longer.</param>
public sealed class BeamSearch(DecodingConfig options, int beginId, int endId, int most)
{
    private readonly int _longest = Math.Min(options.MaxLength, most - 2); // the model has places for both marks

    /// <summary>Writes sequences for items.</summary>
    /// <param name="model">Continues the rows <c>[items × beams]</c>, the beams of an item together.</param>
    /// <param name="items">Number of items.</param>
    /// <param name="device">Where the model computes.</param>
    /// <param name="cancellation">Stops between two tokens.</param>
    /// <exception cref="ArithmeticException">A score is not a number.</exception>
    /// <returns>Of each item its finished sequences, the best first; at least one, at most as many as beams.</returns>
    public IReadOnlyList<IReadOnlyList<DecodedSequence>> Run(INextToken model, int items, Device device, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        var beams = Enumerable.Range(0, items).Select(_ => new ItemBeams(options, endId, _longest)).ToArray();
        var tokens = Enumerable.Repeat((long)beginId, items * options.Beams).ToArray();
        for (var length = 0; !Array.TrueForAll(beams, item => item.IsDone); length++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var scores = model.Next(DeviceTraffic.Send<long>(tokens, device, tokens.Length));
            var best = Best(Allowed(scores.log_softmax(-1), beams, length), beams, length == 0);
            var parents = new long[tokens.Length];
            for (var item = 0; item < items; item++)
            {
                beams[item].Advance(best[item]);
                for (var beam = 0; beam < options.Beams; beam++)
                {
                    var row = (item * options.Beams) + beam;
                    (tokens[row], var parent) = beams[item].Last(beam);
                    parents[row] = (item * options.Beams) + parent;
                }
            }

            if (options.Beams > 1)
            {
                model.Reorder(DeviceTraffic.Send<long>(parents, device, parents.Length));
            }
        }

        return [.. beams.Select(item => item.Finished())];
    }

    /// <summary>The scores, and -∞ where a token must not come next.</summary>
    private Tensor Allowed(Tensor scores, ItemBeams[] beams, int length)
    {
        var vocabulary = (int)scores.shape[1];
        var banned = new List<long>();
        for (var row = 0; row < scores.shape[0]; row++)
        {
            var first = (long)row * vocabulary;
            banned.Add(first + beginId);
            if (length < options.MinLength)
            {
                banned.Add(first + endId);
            }

            banned.AddRange(beams[row / options.Beams].Repeated(row % options.Beams).Select(token => first + token));
        }

        var places = DeviceTraffic.Send<long>([.. banned], scores.device, banned.Count);
        return scores.view(-1).MinusInfinityAt(places).view(scores.shape);
    }

    /// <summary>The likeliest continuations of each item: twice as many as beams, since up to half of them may be ends.</summary>
    private List<Continuation>[] Best(Tensor scores, ItemBeams[] beams, bool isFirst)
    {
        var (vocabulary, items) = (scores.shape[1], beams.Length);
        var before = beams.SelectMany(item => item.LogProbabilities(isFirst)).ToArray();
        var sums = scores.to(ScalarType.Float64).Plus(DeviceTraffic.Send<double>(before, scores.device, before.Length, 1)).view(items, -1);
        var count = Math.Min(2 * options.Beams, (int)sums.shape[1]);
        var (values, indices) = sums.topk(count, 1, largest: true, sorted: true);
        var numbers = DeviceTraffic.ReadDoubles(cat([values, indices.to(ScalarType.Float64)], 1)); // indices below 2^53 are exact
        return [.. Enumerable.Range(0, items).Select(item => Enumerable.Range(0, count)
            .Select(i =>
            {
                var (sum, index) = (numbers[(item * 2 * count) + i], (long)numbers[(item * 2 * count) + count + i]);
                return double.IsNaN(sum) ? throw new ArithmeticException("The model's scores of the next token are not numbers.") : new Continuation((int)(index / vocabulary), (int)(index % vocabulary), sum);
            })
            .Where(one => !double.IsNegativeInfinity(one.LogProbability))
            .OrderByDescending(one => one.LogProbability).ThenBy(one => one.Beam).ThenBy(one => one.Token)
            .ToList())];
    }
}
