using Flip.Collectives;
using Flip.Models;
using Flip.Optim;
using static TorchSharp.torch;

namespace Flip.Training;

/// <summary>
/// Sums the ranks' gradients, bucket by bucket, each as soon as the backward pass adds nothing more to it: the network works while the rest is
/// computed. Every rank's gradient is that of the whole batch's loss by its own pairs, so they are summed; no number of ranks divides them.
/// </summary>
/// <param name="parameters">The flat buffers.</param>
/// <param name="ranks">Who has the other gradients.</param>
/// <param name="shards">The buckets, and which part of each this rank needs.</param>
public sealed class GradientExchange(FlatParameters parameters, ICommunicator ranks, ParameterShards shards)
{
    private readonly List<PendingCollective> _pending = [];
    private readonly HashSet<Parameter> _final = [];
    private readonly List<Tensor> _views = [];
    private bool[] _sent = new bool[shards.Buckets.Count];

    /// <summary>Whether there is anything to exchange.</summary>
    public bool IsShared => ranks.World > 1;

    /// <summary>The ranks.</summary>
    public ICommunicator Ranks => ranks;

    /// <summary>Which part of the buffers is whose.</summary>
    public ParameterShards Shards => shards;

    /// <summary>An exchange of a single process, which does nothing.</summary>
    public static GradientExchange Alone(FlatParameters parameters) =>
        new(parameters, OneProcess.Instance, ParameterShards.Of(parameters, OneProcess.Instance));

    /// <summary>Begins a step, when the gradient is cleared.</summary>
    public void Begin()
    {
        _final.Clear();
        _sent = new bool[shards.Buckets.Count];
    }

    /// <summary>Says that the step adds nothing more to the gradients of some parameters. A bucket that consists of such ones is sent.</summary>
    /// <param name="done">The parameters.</param>
    internal void MarkFinal(IEnumerable<Parameter> done)
    {
        if (!IsShared)
        {
            return;
        }

        _final.UnionWith(done);
        for (var i = 0; i < _sent.Length; i++)
        {
            if (!_sent[i] && ParametersOf(shards.Buckets[i]).All(_final.Contains))
            {
                Send(i);
            }
        }
    }

    /// <summary>Sends what is left and waits. Then <see cref="FlatParameters.Gradient"/> has the sums where this rank owns them, and elsewhere nothing of use.</summary>
    public void Finish()
    {
        for (var i = 0; i < _sent.Length && IsShared; i++)
        {
            if (!_sent[i])
            {
                Send(i);
            }
        }

        WaitAll();
    }

    /// <summary>
    /// Gives every rank the weights that the others have updated: the masters, or where those are divided what the model reads of them, which is half
    /// as many bytes.
    /// </summary>
    public void SpreadWeights()
    {
        if (!shards.Divides)
        {
            return;
        }

        var isDivided = parameters.Masters.IsDivided;
        foreach (var (bucket, own) in shards.Buckets.Zip(shards.Owned))
        {
            var weights = isDivided ? parameters.Compute! : parameters.Master;
            _pending.Add(ranks.StartGather(View(weights, own), View(weights, bucket), shards.Counts(bucket)));
            foreach (var (entries, values) in isDivided ? parameters.KeptWithin(bucket) : [])
            {
                var part = own.Within(entries);
                var all = View(values, new Share(0, entries.Count));
                _pending.Add(ranks.StartGather(View(all, part with { First = part.First - entries.First }), all, shards.Counts(bucket, entries)));
            }
        }

        WaitAll();
        if (!isDivided)
        {
            parameters.CastToCompute();
        }
    }

    /// <summary>The square of the norm of the whole gradient as far as this rank owns it, fp64, on its device; over the ranks it adds up.</summary>
    internal Tensor OwnSquaredNorm()
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var sum = zeros(1, ScalarType.Float64, parameters.Device);
        foreach (var own in shards.Divides || ranks.Rank == 0 ? shards.Owned : [])
        {
            var part = parameters.Gradient.narrow(0, own.First, own.Count);
            sum.add_(part.dot(part).to(ScalarType.Float64));
        }

        return sum.MoveToOuterDisposeScope();
    }

    private IEnumerable<Parameter> ParametersOf(Share bucket) =>
        parameters.All.SkipWhile(parameter => parameter.Offset < bucket.First).TakeWhile(parameter => parameter.Offset < bucket.End);

    private void Send(int index)
    {
        _sent[index] = true;
        var (bucket, own) = (shards.Buckets[index], shards.Owned[index]);
        parameters.AccumulateGradient(bucket.First, bucket.Count);
        var all = View(parameters.Gradient, bucket);
        _pending.Add(shards.Divides ? ranks.StartScatterSum(all, View(parameters.Gradient, own), shards.Counts(bucket)) : ranks.StartSum(all));
    }

    private Tensor View(Tensor flat, Share part)
    {
        var view = flat.narrow(0, part.First, part.Count).DetachFromDisposeScope();
        _views.Add(view);
        return view;
    }

    private void WaitAll()
    {
        _pending.ForEach(one => one.Wait());
        _views.ForEach(view => view.Dispose());
        _pending.Clear();
        _views.Clear();
    }
}
