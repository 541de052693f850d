using Flip.Collectives;
using Flip.Devices;
using Flip.Optim;
using static TorchSharp.torch;

namespace Flip.Training;

/// <summary>
/// Brings what the ranks own of a flat buffer together on rank 0, which writes checkpoints, and divides it again. So a checkpoint always has whole
/// tensors, and any number of ranks can read it.
/// </summary>
/// <param name="shards">Which part is whose.</param>
/// <param name="ranks">The ranks.</param>
internal sealed class WholeState(ParameterShards shards, ICommunicator ranks)
{
    private bool IsWriter => ranks.Rank == 0;

    /// <summary>The whole of a divided buffer.</summary>
    /// <param name="owned">This rank's pieces, fp32, <c>[owned]</c>.</param>
    /// <returns>On rank 0 the whole, <c>[parameters]</c>, in the processor's memory where it is divided; on the others something empty.</returns>
    public Tensor Collect(Tensor owned)
    {
        if (!shards.Divides)
        {
            return owned;
        }

        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var whole = zeros(IsWriter ? shards.Buckets[^1].End : 0, ScalarType.Float32);
        var moments = 0L;
        foreach (var (bucket, own) in shards.Buckets.Zip(shards.Owned))
        {
            using var inner = NewDisposeScope();
            var all = zeros(bucket.Count, ScalarType.Float32, owned.device);
            ranks.StartGather(owned.narrow(0, moments, own.Count), all, shards.Counts(bucket)).Wait();
            if (IsWriter)
            {
                whole.narrow(0, bucket.First, bucket.Count).copy_(all);
            }

            moments += own.Count;
        }

        return whole.MoveToOuterDisposeScope();
    }

    /// <summary>Gives every rank its pieces of a whole that rank 0 has.</summary>
    /// <param name="whole">The whole, <c>[parameters]</c>; read on rank 0 alone.</param>
    /// <param name="owned">Receives this rank's pieces, <c>[owned]</c>.</param>
    public void Divide(Tensor whole, Tensor owned)
    {
        using var noGrad = no_grad();
        var moments = 0L;
        foreach (var (bucket, own) in shards.Buckets.Zip(shards.Owned))
        {
            using var inner = NewDisposeScope();
            var all = zeros(bucket.Count, ScalarType.Float32, owned.device);
            if (IsWriter)
            {
                all.copy_(whole.narrow(0, bucket.First, bucket.Count));
            }

            ranks.StartBroadcast(all).Wait();
            owned.narrow(0, moments, own.Count).copy_(all.narrow(0, own.First - bucket.First, own.Count));
            moments += own.Count;
        }
    }

    /// <summary>Gives every rank what rank 0 has in a flat buffer that all have whole.</summary>
    public void Spread(Tensor flat)
    {
        foreach (var bucket in ranks.World == 1 ? [] : shards.Buckets)
        {
            using var inner = NewDisposeScope();
            ranks.StartBroadcast(flat.narrow(0, bucket.First, bucket.Count)).Wait();
        }
    }

    /// <summary>Refuses weights that differ between ranks: they would drift apart unseen.</summary>
    /// <exception cref="CollectiveException">They differ.</exception>
    public void CheckIsSame(Tensor flat)
    {
        if (ranks.World == 1)
        {
            return;
        }

        double[] sums;
        using (NewDisposeScope())
        using (no_grad())
        {
            sums = DeviceTraffic.ReadNumbers([flat.sum(ScalarType.Float64), flat.dot(flat)]);
        }

        var all = ranks.Exchange(System.Runtime.InteropServices.MemoryMarshal.AsBytes(sums.AsSpan()));
        var differs = all.Select((bytes, rank) => (bytes, rank)).FirstOrDefault(one => !one.bytes.AsSpan().SequenceEqual(all[0]));
        if (differs.bytes is not null)
        {
            throw new CollectiveException(
                $"The weights of rank {differs.rank} on {ranks.Places[differs.rank].Host} differ from those of rank 0. Machines that compute differently can share a training with train.shardOptimizer=true alone.");
        }
    }
}
