using System.Runtime.InteropServices;
using System.Text.Json;
using Flip.Collectives;
using Flip.Devices;
using Flip.Optim;
using Flip.Storage;
using static TorchSharp.torch;

namespace Flip.Training;

/// <summary>
/// The tensors of a training as its checkpoints have them. What ranks own in parts is brought together on rank 0, which writes, and divided again when
/// it is read. So a checkpoint always has whole tensors, and any number of ranks can go on from it.
/// </summary>
/// <param name="trainee">What is trained.</param>
/// <param name="optimizer">Its moments, of this rank.</param>
/// <param name="ema">The average of its weights, or null.</param>
/// <param name="exchange">Which part is whose, and the ranks.</param>
internal sealed class WholeState(ITrainee trainee, AdamW optimizer, WeightEma? ema, GradientExchange exchange)
{
    private readonly ICommunicator _ranks = exchange.Ranks;
    private readonly ParameterShards _shards = exchange.Shards;

    /// <summary>Whether an average is kept.</summary>
    public bool HasAverage => ema is not null;

    /// <summary>Whether all weights are finite; every rank finds the same.</summary>
    public bool IsFinite => trainee.Parameters.Shared.All(WeightFile.IsFinite);

    /// <summary>Where a checkpoint was, or the start; every rank gets what rank 0 reads.</summary>
    /// <param name="checkpoint">Its folder, on rank 0; null to start.</param>
    public TrainState Load(string? checkpoint)
    {
        using var scope = NewDisposeScope();
        trainee.Parameters.Unite(gather: null);
        ema?.Unite(gather: null);
        var (first, second) = (optimizer.FirstMoment, optimizer.SecondMoment);
        if (checkpoint is not null && _shards.Divides)
        {
            (first, second) = (zeros(trainee.Parameters.Count), zeros(trainee.Parameters.Count));
        }

        var state = checkpoint is null ? TrainState.Start : CheckpointStore.Load(checkpoint, trainee.Parameters, trainee.Model, first, second, ema);
        if (exchange.IsShared)
        {
            RankDevices.Check(_ranks, trainee.Parameters.Device);
            state = JsonSerializer.Deserialize<TrainState>(_ranks.Broadcast(JsonSerializer.SerializeToUtf8Bytes(state)))!;
            Divide(first, second, hasMoments: state.Steps > 0);
        }

        optimizer.Steps = state.Updates;
        return state;
    }

    /// <summary>Every rank gets all master weights, and all of the average.</summary>
    public void Unite()
    {
        trainee.Parameters.Unite(Gather);
        ema?.Unite(Gather);
    }

    /// <summary>Copies a tensor to where it is written from. Every rank calls this for the same parts in the same order.</summary>
    /// <param name="part">Which.</param>
    /// <param name="target">Memory of the processor, fp32, <c>[parameters]</c>; null on ranks that do not write.</param>
    public void Copy(CheckpointPart part, Tensor? target)
    {
        switch (part)
        {
            case CheckpointPart.FirstMoment:
                Collect(optimizer.FirstMoment, _shards.Divides, target);
                break;
            case CheckpointPart.SecondMoment:
                Collect(optimizer.SecondMoment, _shards.Divides, target);
                break;
            default:
                var masters = trainee.Parameters.Masters;
                Collect(part == CheckpointPart.Average ? ema!.Average : masters.Own, masters.IsDivided, target);
                break;
        }
    }

    /// <summary>Refuses weights that differ between ranks: they would drift apart unseen.</summary>
    /// <exception cref="CollectiveException">They differ.</exception>
    public void CheckIsSame()
    {
        if (!exchange.IsShared)
        {
            return;
        }

        double[] sums;
        using (NewDisposeScope())
        using (no_grad())
        {
            sums = DeviceTraffic.ReadNumbers([.. trainee.Parameters.Shared.SelectMany(weights => new[] { weights.sum(ScalarType.Float64), weights.dot(weights) })]);
        }

        var all = _ranks.Exchange(MemoryMarshal.AsBytes(sums.AsSpan()));
        var other = Array.FindIndex(all, bytes => !bytes.AsSpan().SequenceEqual(all[0]));
        if (other >= 0)
        {
            throw new CollectiveException(
                $"The weights of rank {other} on {_ranks.Places[other].Host} differ from those of rank 0. Machines that compute differently share a training with train.shardOptimizer=true.");
        }
    }

    private void Divide(Tensor first, Tensor second, bool hasMoments)
    {
        Spread(trainee.Parameters.Master);
        trainee.Parameters.CastToCompute();
        if (hasMoments) // else they are 0
        {
            Divide(first, optimizer.FirstMoment);
            Divide(second, optimizer.SecondMoment);
        }

        if (ema is not null)
        {
            Spread(ema.Average);
        }

        if (_shards.Divides)
        {
            trainee.Parameters.Divide(_shards.Owned);
            ema?.Divide();
        }
    }

    /// <summary>Copies a buffer to where rank 0 writes it from; the ranks' pieces of it come together bucket by bucket.</summary>
    private void Collect(Tensor own, bool isDivided, Tensor? target)
    {
        if (!isDivided)
        {
            ReadInto(own, target);
            return;
        }

        ForEachBucket(own, (bucket, _, part) =>
        {
            var all = zeros(bucket.Count, ScalarType.Float32, own.device);
            _ranks.StartGather(part, all, _shards.Counts(bucket)).Wait();
            ReadInto(all, target?.narrow(0, bucket.First, bucket.Count));
        });
    }

    /// <summary>Gives every rank a whole of which each has its pieces.</summary>
    private void Gather(Tensor own, Tensor whole) =>
        ForEachBucket(own, (bucket, _, part) => _ranks.StartGather(part, whole.narrow(0, bucket.First, bucket.Count), _shards.Counts(bucket)).Wait());

    /// <summary>Goes through the buckets, each with this rank's piece of it and its place in what the rank has.</summary>
    private void ForEachBucket(Tensor own, Action<Share, Share, Tensor> visit)
    {
        using var noGrad = no_grad();
        var place = 0L;
        foreach (var (bucket, piece) in _shards.Buckets.Zip(_shards.Owned))
        {
            using var scope = NewDisposeScope();
            visit(bucket, piece, own.narrow(0, place, piece.Count));
            place += piece.Count;
        }
    }

    /// <summary>Gives every rank its pieces of a whole that rank 0 has.</summary>
    private void Divide(Tensor whole, Tensor owned) => ForEachBucket(owned, (bucket, piece, part) =>
    {
        var all = zeros(bucket.Count, ScalarType.Float32, owned.device);
        if (_ranks.Rank == 0)
        {
            all.copy_(whole.narrow(0, bucket.First, bucket.Count));
        }

        _ranks.StartBroadcast(all).Wait();
        part.copy_(all.narrow(0, piece.First - bucket.First, piece.Count));
    });

    /// <summary>Gives every rank what rank 0 has of a buffer that all have whole.</summary>
    private void Spread(Tensor flat)
    {
        foreach (var bucket in _shards.Buckets)
        {
            using var scope = NewDisposeScope();
            _ranks.StartBroadcast(flat.narrow(0, bucket.First, bucket.Count)).Wait();
        }
    }

    private static void ReadInto(Tensor tensor, Tensor? target)
    {
        if (target is not null)
        {
            DeviceTraffic.ReadInto(tensor, target);
        }
    }
}
