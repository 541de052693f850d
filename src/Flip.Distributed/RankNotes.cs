using System.Runtime.InteropServices;
using Flip.Collectives;
using Flip.Distributed.Interop;

namespace Flip.Distributed;

/// <summary>Sends and receives <see cref="RankNote"/>s on a communicator of their own. For MPI's thread.</summary>
internal sealed class RankNotes(Mpi mpi, nint communicator, int rank, int world)
{
    private const int Tag = 1;
    private readonly List<MpiRequest> _sending = [];

    /// <summary>Sends a note to a rank, and does not wait.</summary>
    public void Send(RankNote note, int to) => Send(note.ToBytes(), to);

    /// <summary>Sends a note to all other ranks, and does not wait. One that cannot be reached does not keep it from the others.</summary>
    public void SendToAll(RankNote note)
    {
        var bytes = note.ToBytes();
        for (var other = 0; other < world; other++)
        {
            if (other != rank)
            {
                Send(bytes, other);
            }
        }
    }

    /// <summary>The notes that have come since. Lets all transfers go on.</summary>
    public IEnumerable<(int Rank, RankNote Note)> Take()
    {
        while (mpi.TryTake(Tag, communicator) is { } message)
        {
            yield return (message.Rank, RankNote.Of(message.Bytes));
        }

        if (_sending.Count > 0)
        {
            _sending.RemoveAll(mpi.IsDone);
        }
    }

    private void Send(byte[] bytes, int to)
    {
        var memory = GC.AllocateUninitializedArray<byte>(bytes.Length, pinned: true);
        bytes.CopyTo(memory, 0);
        try
        {
            _sending.Add(mpi.Send(Marshal.UnsafeAddrOfPinnedArrayElement(memory, 0), memory.Length, to, Tag, communicator, memory));
        }
        catch (CollectiveException)
        {
            // It is beyond reach, and finds out by itself.
        }
    }
}
