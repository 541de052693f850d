using System.Text;

namespace Flip.Distributed;

/// <summary>What a note between ranks is about.</summary>
internal enum NoteKind : byte
{
    /// <summary>The sender cannot go on.</summary>
    Failure,

    /// <summary>The sender has waited too long for an operation, and asks who came.</summary>
    Inquiry,

    /// <summary>How many operations the sender has started.</summary>
    Answer,

    /// <summary>After a failure: the sender lives and has work left.</summary>
    Closing,

    /// <summary>After a failure: the sender has nothing left to do.</summary>
    Ready,

    /// <summary>After a failure: all have done what they can, and may end.</summary>
    Farewell,
}

/// <summary>A short message from one rank to another, beside the operations.</summary>
/// <param name="Kind">What it is about.</param>
/// <param name="Number">Number of the operation that is asked for, or of those that were started; of a failure 1 where ranks were lost.</param>
/// <param name="Host">The sender's machine.</param>
/// <param name="Text">Why the sender cannot go on.</param>
/// <param name="Silent">Ranks that the sender has given up.</param>
internal sealed record RankNote(NoteKind Kind, long Number = 0, string Host = "", string Text = "", IReadOnlyList<int>? Silent = null)
{
    private const int LongestText = 900; // every MPI sends 4 KB at once, without asking the receiver
    private const int MostSilent = 100;

    /// <summary>The note as it travels.</summary>
    public byte[] ToBytes()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write((byte)Kind);
        writer.Write(Number);
        writer.Write(Short(Host));
        writer.Write(Short(Text));
        var silent = Silent?.Take(MostSilent).ToArray() ?? [];
        writer.Write(silent.Length);
        Array.ForEach(silent, writer.Write);
        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>A note as it came.</summary>
    public static RankNote Of(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes), Encoding.UTF8);
        var (kind, number, host, text) = ((NoteKind)reader.ReadByte(), reader.ReadInt64(), reader.ReadString(), reader.ReadString());
        return new RankNote(kind, number, host, text, [.. Enumerable.Range(0, reader.ReadInt32()).Select(_ => reader.ReadInt32())]);
    }

    private static string Short(string text) => text.Length <= LongestText ? text : $"{text[..(LongestText - 4)]} ...";
}
