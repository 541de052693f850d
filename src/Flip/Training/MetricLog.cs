using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Flip.Io;

namespace Flip.Training;

/// <summary>
/// The numbers of a run: <c>metrics.jsonl</c>, one JSON object a line (<c>samples</c>, <c>step</c>, <c>time</c>, then the named numbers), and
/// TensorBoard event files in <c>tensorboard/</c> with samples as their step. A resumed run continues both as if it had never stopped: what was logged
/// beyond the position it resumes from is dropped. The file is a new one at every start, so that nothing is written through a link. For one thread.
/// </summary>
public sealed class MetricLog : IDisposable
{
    /// <summary>Name of the file in the run folder.</summary>
    public const string FileName = "metrics.jsonl";

    /// <summary>Folder of the event files in the run folder.</summary>
    public const string EventFolder = "tensorboard";

    private const int LongestLine = 1 << 20; // characters; a line of a hundred numbers has some thousand

    private static readonly string[] Reserved = ["samples", "step", "time"];

    /// <summary>JSON has no number for them; these names are what .NET, Python and JavaScript parse back.</summary>
    private static readonly JsonSerializerOptions NonFinite = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    private readonly string _folder;
    private readonly TimeProvider _time;
    private FileStream _lines;
    private TensorBoardWriter _events;

    /// <summary>Opens the log of a run.</summary>
    /// <param name="folder">Run folder; created if need be.</param>
    /// <param name="resumedAtSamples">Samples seen at the checkpoint that the run resumes from; lines up to it stay. 0 begins anew.</param>
    /// <param name="time">Clock; null for the system's.</param>
    /// <exception cref="ForeignEntryException">The file or the folder of events is a link or no file.</exception>
    public MetricLog(string folder, long resumedAtSamples = 0, TimeProvider? time = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(resumedAtSamples);
        (_folder, _time) = (folder, time ?? TimeProvider.System);
        Directory.CreateDirectory(folder);
        OwnEntries.Require(folder, FileName, EventFolder);
        var events = Directory.CreateDirectory(Path.Combine(folder, EventFolder)).FullName;
        if (resumedAtSamples == 0)
        {
            TensorBoardWriter.DeleteAll(events);
        }

        (_lines, _events) = Open(resumedAtSamples, _ => false);
    }

    /// <summary>Lines that cannot be read and were left out, but for a last one that a crash has cut.</summary>
    public int DamagedLines { get; private set; }

    private double Now => _time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;

    /// <summary>Appends a line; it survives the end of the process, and after <see cref="Flush"/> that of the machine.</summary>
    /// <param name="samples">Samples seen so far.</param>
    /// <param name="step">Optimizer steps so far.</param>
    /// <param name="values">Named numbers; those that are not finite are written as <c>"NaN"</c>, <c>"Infinity"</c>, <c>"-Infinity"</c>.</param>
    /// <exception cref="ArgumentException">A name is one of the line's own.</exception>
    public void Write(long samples, long step, IReadOnlyDictionary<string, double> values)
    {
        if (Reserved.FirstOrDefault(values.ContainsKey) is { } reserved)
        {
            throw new ArgumentException($"'{reserved}' is an entry that every line has.", nameof(values));
        }

        var line = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(line))
        {
            json.WriteStartObject();
            json.WriteNumber(Reserved[0], samples);
            json.WriteNumber(Reserved[1], step);
            json.WriteString(Reserved[2], _time.GetUtcNow());
            foreach (var (name, value) in values)
            {
                json.WritePropertyName(name);
                JsonSerializer.Serialize(json, value, NonFinite);
            }

            json.WriteEndObject();
        }

        line.Write("\n"u8);
        WithName(() =>
        {
            _lines.Write(line.WrittenSpan);
            _events.Write(samples, Now, values);
        });
    }

    /// <summary>Drops what was logged beyond a position that the run goes back to, as a resume from there does.</summary>
    /// <param name="samples">Samples seen at the position.</param>
    /// <param name="keep">Which lines stay all the same.</param>
    public void CutBack(long samples, Func<MetricRecord, bool> keep)
    {
        ArgumentNullException.ThrowIfNull(keep);
        WithName(() =>
        {
            _lines.Dispose();
            _events.Dispose();
            (_lines, _events) = Open(samples, keep);
        });
    }

    /// <summary>Forces everything written so far to the disk. A closed log has nothing to write: a run that fails may close it before its last checkpoint is done.</summary>
    public void Flush() => WithName(() =>
    {
        if (_lines.CanWrite)
        {
            _lines.Flush(flushToDisk: true);
            _events.Flush();
        }
    });

    /// <inheritdoc/>
    public void Dispose()
    {
        _lines.Dispose();
        _events.Dispose();
    }

    /// <summary>Reads the log of a run, also while it is written. A line that a crash has cut is left out.</summary>
    /// <returns>The lines in order; none where the folder has no log.</returns>
    public static IReadOnlyList<MetricRecord> Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        return File.Exists(path) ? [.. ReadLines(path)] : [];
    }

    /// <summary>The log, with the lines up to a position, and a new file of events.</summary>
    private (FileStream Lines, TensorBoardWriter Events) Open(long samples, Func<MetricRecord, bool> keep)
    {
        var path = Path.Combine(_folder, FileName);
        AtomicFile.Write(path, stream => DamagedLines = KeepUpTo(samples, keep, path, stream));
        var lines = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0); // what a full disk did not take is not tried again
        return (lines, new TensorBoardWriter(Path.Combine(_folder, EventFolder), samples, Now));
    }

    /// <summary>Says of what the system refuses which file it is.</summary>
    private void WithName(Action write)
    {
        try
        {
            write();
        }
        catch (IOException e)
        {
            throw new IOException($"Cannot write the log of the run, {Path.Combine(_folder, FileName)} and {EventFolder}: {e.Message}", e);
        }
    }

    /// <returns>How many lines before the last cannot be read.</returns>
    private static int KeepUpTo(long samples, Func<MetricRecord, bool> keep, string path, Stream target)
    {
        var (damaged, last) = (0, false);
        foreach (var (line, record) in samples > 0 && File.Exists(path) ? AllLines(path) : [])
        {
            damaged += last ? 1 : 0;
            last = record is null && line.Length > 0;
            if (record is not null && (record.Samples <= samples || keep(record)))
            {
                target.Write(Encoding.UTF8.GetBytes(line + "\n"));
            }
        }

        return damaged;
    }

    private static IEnumerable<MetricRecord> ReadLines(string path) => AllLines(path).Select(line => line.Record).OfType<MetricRecord>();

    private static IEnumerable<(string Line, MetricRecord? Record)> AllLines(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        foreach (var line in Lines(reader))
        {
            yield return (line, Parse(line));
        }
    }

    /// <summary>Lines without their ends; of one that is longer than any that was written, the first <see cref="LongestLine"/> characters, which are none.</summary>
    private static IEnumerable<string> Lines(StreamReader reader)
    {
        var (line, buffer) = (new StringBuilder(), new char[1 << 12]);
        while (reader.Read(buffer, 0, buffer.Length) is > 0 and var count)
        {
            for (var start = 0; start < count;)
            {
                var end = buffer.AsSpan(start..count).IndexOf('\n');
                var length = end < 0 ? count - start : end;
                line.Append(buffer, start, Math.Min(length, LongestLine - line.Length));
                start += length + (end < 0 ? 0 : 1);
                if (end >= 0)
                {
                    yield return line.ToString();
                    line.Clear();
                }
            }
        }

        yield return line.ToString();
    }

    private static MetricRecord? Parse(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(JsonInput.Checked(line));
            var root = document.RootElement;
            return new MetricRecord(
                root.GetProperty(Reserved[0]).GetInt64(),
                root.GetProperty(Reserved[1]).GetInt64(),
                root.GetProperty(Reserved[2]).GetDateTimeOffset(),
                root.EnumerateObject().Where(p => !Reserved.Contains(p.Name))
                    .ToDictionary(p => p.Name, p => p.Value.Deserialize<double>(NonFinite)));
        }
        catch (Exception e) when (e
            is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            return null;
        }
    }
}
