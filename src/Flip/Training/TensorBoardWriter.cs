using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;
using Google.Protobuf;
using Tensorboard;

namespace Flip.Training;

/// <summary>
/// Writes one TensorBoard event file: TFRecord frames around TensorFlow's Event message, whose classes TorchSharp has. TorchSharp's own
/// SummaryWriter is not used because its steps are 32-bit (a run's samples are not), it opens the file anew for each number, and it
/// cannot mark a restart, without which a resumed run's curves run back and forth.
/// </summary>
internal sealed partial class TensorBoardWriter : IDisposable
{
    private const string Prefix = "events.out.tfevents.";

    private readonly FileStream _file;

    /// <param name="folder">Where the file is made.</param>
    /// <param name="resumedAtSamples">If positive, TensorBoard drops what earlier files say of later samples.</param>
    /// <param name="time">Seconds since 1970.</param>
    public TensorBoardWriter(string folder, long resumedAtSamples, double time)
    {
        // Readers sort by name, hence the time first; the last part keeps apart what begins in the same millisecond.
        var name = string.Create(
            CultureInfo.InvariantCulture, $"{Prefix}{time:0000000000.000}.{Environment.MachineName}.{Guid.NewGuid():N}");
        _file = new FileStream(Path.Combine(folder, name), FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0); // what a full disk did not take is not tried again
        Append(new Event { WallTime = time, FileVersion = "brain.Event:2" });
        if (resumedAtSamples > 0)
        {
            // The step named here is the first to be dropped.
            var start = new SessionLog { Status = SessionLog.Types.SessionStatus.Start };
            Append(new Event { WallTime = time, Step = resumedAtSamples + 1, SessionLog = start });
        }
    }

    /// <summary>Removes the files that writers have made; those of other programs stay.</summary>
    public static void DeleteAll(string folder)
    {
        foreach (var path in Directory.EnumerateFiles(folder, Prefix + "*").Where(path => OwnName().IsMatch(Path.GetFileName(path))))
        {
            File.Delete(path);
        }
    }

    public void Write(long samples, double time, IReadOnlyDictionary<string, double> values)
    {
        var summary = new Summary();
        summary.Value.AddRange(values.Select(pair => new Summary.Types.Value { Tag = pair.Key, SimpleValue = (float)pair.Value }));
        Append(new Event { WallTime = time, Step = samples, Summary = summary });
    }

    public void Flush() => _file.Flush(flushToDisk: true);

    public void Dispose() => _file.Dispose();

    [GeneratedRegex(@"\Aevents\.out\.tfevents\.[0-9]{10,}\.[0-9]{3}\..+\.[0-9a-f]{32}\z")]
    private static partial Regex OwnName();

    /// <summary>A TFRecord: length, its checksum, data, its checksum.</summary>
    private void Append(Event entry)
    {
        var data = entry.ToByteArray();
        var frame = new byte[12 + data.Length + 4];
        BinaryPrimitives.WriteInt64LittleEndian(frame, data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(8), MaskedCrc(frame.AsSpan(0, 8)));
        data.CopyTo(frame, 12);
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(12 + data.Length), MaskedCrc(data));
        _file.Write(frame);
    }

    /// <summary>CRC-32C, rotated and shifted as the TFRecord format asks.</summary>
    private static uint MaskedCrc(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        foreach (var value in data)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return BitOperations.RotateRight(~crc, 15) + 0xA282EAD8;
    }
}
