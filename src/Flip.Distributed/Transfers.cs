using Flip.Collectives;
using Flip.Distributed.Interop;

namespace Flip.Distributed;

/// <summary>
/// The operations of all ranks as transfers of MPI. Each is a sequence: it starts some and yields those that must be done before it goes on. Only
/// MPI's thread enumerates it. Memory is an address that the caller keeps valid. An operation has a communicator of its own, so several may be
/// under way: within one, every rank starts the same transfers in the same order.
/// </summary>
internal sealed class Transfers(Mpi mpi, int rank, int world, CollectiveLimits limits)
{
    private const int Tag = 0;

    /// <summary>A sum of all ranks, in place.</summary>
    public IEnumerable<MpiRequest> Sum(nint on, NumberType type, nint values, long count)
    {
        var size = SizeOf(type);
        if (count * size <= limits.SmallSum)
        {
            return Reduce(on, type, mpi.Abi.Sum, values, count);
        }

        var counts = Share.Counts(count, world);
        var own = Share.Of(count, world, rank);
        return ScatterSum(on, type, values, values + checked((nint)(own.First * size)), counts)
            .Concat(Gather(on, values, [.. counts.Select(entries => entries * size)]));
    }

    /// <summary>The largest of all ranks, in place.</summary>
    public IEnumerable<MpiRequest> Max(nint on, NumberType type, nint values, long count) => Reduce(on, type, mpi.Abi.Max, values, count);

    /// <summary>A gather; this rank's bytes are already at their place.</summary>
    /// <param name="on">The communicator.</param>
    /// <param name="all">Memory of all bytes.</param>
    /// <param name="bytes">Bytes of each rank.</param>
    public IEnumerable<MpiRequest> Gather(nint on, nint all, long[] bytes)
    {
        var total = bytes.Sum();
        if (total <= limits.MostOfCall)
        {
            var places = GC.AllocateUninitializedArray<int>(world, pinned: true);
            var counts = GC.AllocateUninitializedArray<int>(world, pinned: true);
            for (var (other, place) = (0, 0); other < world; place += counts[other++])
            {
                (counts[other], places[other]) = ((int)bytes[other], place);
            }

            yield return mpi.Gather(all, counts, places, on);
            yield break;
        }

        // Past 32-bit places each rank gives its own to all.
        var address = all;
        for (var other = 0; other < world; other++)
        {
            foreach (var request in Broadcast(on, address, bytes[other], other))
            {
                yield return request;
            }

            address += checked((nint)bytes[other]);
        }
    }

    /// <summary>A sum of which each rank keeps its own rows: each sends every other one its part, and adds what comes.</summary>
    /// <param name="on">The communicator.</param>
    /// <param name="type">Type of the entries.</param>
    /// <param name="all">This rank's entries.</param>
    /// <param name="own">Receives the sum of its part; may be where that lies in <paramref name="all"/>.</param>
    /// <param name="counts">Entries of each rank.</param>
    public IEnumerable<MpiRequest> ScatterSum(nint on, NumberType type, nint all, nint own, long[] counts)
    {
        var size = SizeOf(type);
        var places = Places(all, counts, size);
        var round = Math.Max(1, limits.SumBuffer / size / world); // entries of each other rank at a time
        using var buffers = new RoundBuffers(world - 1, (nint)(Math.Min(round, counts[rank]) * size));
        var rounds = (counts.Max() + round - 1) / round;
        var current = rounds == 0 ? null : StartRound(0);
        for (var step = 0L; current is not null; step++)
        {
            var next = step + 1 < rounds ? StartRound(step + 1) : null; // it travels while this one is added
            foreach (var request in current)
            {
                yield return request;
            }

            if (Math.Min(round, counts[rank] - (step * round)) is > 0 and var entries)
            {
                var offset = checked((nint)(step * round * size));
                OrderedSum.Add(type, own + offset, buffers.InOrder(step, rank, places[rank] + offset), entries);
            }

            current = next;
        }

        List<MpiRequest> StartRound(long step)
        {
            var requests = new List<MpiRequest>(2 * world);
            if (Math.Min(round, counts[rank] - (step * round)) is > 0 and var receive)
            {
                requests.AddRange(Others().Select(other => mpi.Receive(buffers.Of(step, other, rank), (int)(receive * size), other, Tag, on)));
            }

            foreach (var other in Others())
            {
                if (Math.Min(round, counts[other] - (step * round)) is > 0 and var send)
                {
                    requests.Add(mpi.Send(places[other] + checked((nint)(step * round * size)), (int)(send * size), other, Tag, on));
                }
            }

            return requests;
        }
    }

    /// <summary>A shift along the ring: to the rank before this one, from the one behind it.</summary>
    public IEnumerable<MpiRequest> Shift(nint on, nint send, long sendBytes, nint receive, long receiveBytes)
    {
        var (before, behind) = ((rank + world - 1) % world, (rank + 1) % world);
        MpiRequest[] requests =
        [
            .. Pieces(receiveBytes).Select(piece => mpi.Receive(receive + piece.Place, piece.Count, behind, Tag, on)),
            .. Pieces(sendBytes).Select(piece => mpi.Send(send + piece.Place, piece.Count, before, Tag, on)),
        ];
        foreach (var request in requests)
        {
            yield return request;
        }
    }

    /// <summary>One rank's bytes to all.</summary>
    public IEnumerable<MpiRequest> Broadcast(nint on, nint buffer, long bytes, int root)
    {
        foreach (var (place, count) in Pieces(bytes))
        {
            yield return mpi.Broadcast(buffer + place, count, root, on);
        }
    }

    /// <summary>A wait for all ranks.</summary>
    public static IEnumerable<MpiRequest> Barrier(nint on)
    {
        yield return Mpi.Barrier(on);
    }

    /// <summary>Bytes of a number.</summary>
    public static int SizeOf(NumberType type) => type == NumberType.Float ? 4 : 8;

    private static nint[] Places(nint all, long[] counts, int size)
    {
        var places = new nint[counts.Length];
        for (var (other, place) = (0, all); other < counts.Length; place += checked((nint)(counts[other++] * size)))
        {
            places[other] = place;
        }

        return places;
    }

    private IEnumerable<MpiRequest> Reduce(nint on, NumberType type, nint operation, nint values, long count)
    {
        var handle = type switch
        {
            NumberType.Float => mpi.Abi.Float,
            NumberType.Double => mpi.Abi.Double,
            _ => mpi.Abi.Int64,
        };
        foreach (var (place, entries) in Pieces(count))
        {
            yield return mpi.Reduce(values + checked(place * SizeOf(type)), entries, handle, operation, on);
        }
    }

    /// <summary>The other ranks, each rank's list beginning behind itself, so that not all send to the same one at once.</summary>
    private IEnumerable<int> Others() => Enumerable.Range(1, world - 1).Select(step => (rank + step) % world);

    private IEnumerable<(nint Place, int Count)> Pieces(long total)
    {
        for (var place = 0L; place < total; place += limits.MostOfCall)
        {
            yield return (checked((nint)place), (int)Math.Min(limits.MostOfCall, total - place));
        }
    }
}
