using System.Buffers.Binary;
using System.Text.Json;
using Flip.Io;
using Flip.Training;
using Tensorboard;
using TorchSharp.Utils;

namespace Flip.Tests.Training;

public sealed class MetricLogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_closed_log_has_nothing_to_force_to_the_disk()
    {
        var log = new MetricLog(_folder.Path);
        log.Write(8, 1, new Dictionary<string, double> { ["train/loss"] = 1 });
        log.Dispose();
        log.Flush(); // a checkpoint that was being written when the run failed
        Assert.Single(MetricLog.Read(_folder.Path));
    }

    [Fact]
    public void A_log_that_is_cut_back_goes_on_from_there_and_keeps_what_it_is_told_to()
    {
        using var folder = new TemporaryFolder();
        using (var log = new MetricLog(folder.Path))
        {
            for (var step = 1; step <= 6; step++)
            {
                log.Write(step, step, new Dictionary<string, double> { [step == 4 ? "spike/action" : "train/loss"] = step });
            }

            log.CutBack(3, record => record.Values.ContainsKey("spike/action"));
            log.Write(4, 4, new Dictionary<string, double> { ["train/loss"] = 40 });
        }

        Assert.Equal([1, 2, 3, 4, 40], MetricLog.Read(folder.Path).Select(record => record.Values.Values.Single()));
    }

    [Fact]
    public void Lines_are_read_back_as_they_were_written()
    {
        using var log = new MetricLog(_folder.Path);
        log.Write(64, 1, new Dictionary<string, double> { ["loss"] = 0.1, ["learningRate"] = 1e-300 });
        log.Write(12_800_000_000, 2, new Dictionary<string, double> { ["loss"] = double.NaN, ["a"] = double.NegativeInfinity });
        log.Flush();

        var records = MetricLog.Read(_folder.Path);
        Assert.Equal([64, 12_800_000_000], records.Select(record => record.Samples));
        Assert.Equal([1, 2], records.Select(record => record.Step));
        Assert.Equal(0.1, records[0].Values["loss"]);
        Assert.Equal(1e-300, records[0].Values["learningRate"]);
        Assert.Equal(double.NaN, records[1].Values["loss"]);
        Assert.Equal(double.NegativeInfinity, records[1].Values["a"]);
        Assert.InRange((DateTimeOffset.UtcNow - records[0].Time).TotalMinutes, -1, 1);
    }

    [Fact]
    public void Every_line_is_valid_JSON()
    {
        using (var log = new MetricLog(_folder.Path))
        {
            log.Write(1, 1, new Dictionary<string, double> { ["x \"y\""] = double.PositiveInfinity });
        }

        var line = Assert.Single(File.ReadAllLines(_folder.File(MetricLog.FileName)));
        Assert.Equal("Infinity", JsonDocument.Parse(line).RootElement.GetProperty("x \"y\"").GetString());
    }

    [Fact]
    public void A_resumed_log_drops_what_lies_beyond_and_a_line_cut_by_a_crash()
    {
        using (var log = new MetricLog(_folder.Path, 0, new Clock(1000)))
        {
            WriteLosses(log, 10, 20, 30, 40);
        }

        File.AppendAllText(_folder.File(MetricLog.FileName), """{"samples":20,"step":""");
        using (var log = new MetricLog(_folder.Path, 20, new Clock(2000)))
        {
            WriteLosses(log, 25);
        }

        Assert.Equal([10, 20, 25], MetricLog.Read(_folder.Path).Select(record => record.Samples));
        Assert.Equal(2, EventFiles().Count);
        var restart = ReadEvents(EventFiles()[1])[1];
        Assert.Equal(SessionLog.Types.SessionStatus.Start, restart.SessionLog.Status);
        Assert.Equal(21, restart.Step);
    }

    [Fact]
    public void Damaged_lines_of_a_resumed_log_are_counted_but_for_a_last_one()
    {
        var good = """{"samples":8,"step":1,"time":"2026-01-01T00:00:00+00:00","loss":1}""";
        File.WriteAllText(_folder.File(MetricLog.FileName), $"{good}\ngar\0bage\n{good}\n{{\"samples\":16,\"step\":1e999}}\n{good}\n{{\"samples\":");
        using var log = new MetricLog(_folder.Path, resumedAtSamples: 8);
        Assert.Equal(2, log.DamagedLines);
        Assert.Equal(3, MetricLog.Read(_folder.Path).Count);
    }

    [Fact]
    public void A_run_that_begins_anew_keeps_nothing()
    {
        using (var log = new MetricLog(_folder.Path))
        {
            WriteLosses(log, 0, 10);
        }

        using (new MetricLog(_folder.Path))
        {
            Assert.Empty(MetricLog.Read(_folder.Path));
            Assert.Single(EventFiles());
            Assert.Equal([_folder.File(MetricLog.FileName)], Directory.GetFiles(_folder.Path));
        }

        Assert.Empty(MetricLog.Read(_folder.File("elsewhere")));
    }

    [Fact]
    public void Event_files_are_framed_and_checked_as_TensorBoard_expects()
    {
        using var log = new MetricLog(_folder.Path);
        log.Write(5_000_000_000, 7, new Dictionary<string, double> { ["loss"] = 2.5, ["accuracy"] = double.NaN });

        var events = ReadEvents(Assert.Single(EventFiles()));
        Assert.Equal("brain.Event:2", events[0].FileVersion);
        Assert.Equal(5_000_000_000, events[1].Step);
        Assert.Equal(["loss", "accuracy"], events[1].Summary.Value.Select(value => value.Tag));
        Assert.Equal(2.5f, events[1].Summary.Value[0].SimpleValue);
        Assert.Equal(float.NaN, events[1].Summary.Value[1].SimpleValue);
        Assert.InRange(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - events[1].WallTime, -60, 60);
    }

    [Fact]
    public void A_name_of_the_lines_own_entries_is_refused()
    {
        using var log = new MetricLog(_folder.Path);
        Assert.Throws<ArgumentException>(() => log.Write(1, 1, new Dictionary<string, double> { ["step"] = 1 }));
    }

    [Theory]
    [InlineData(MetricLog.FileName, 0)]
    [InlineData(MetricLog.FileName, 20)]
    [InlineData(MetricLog.EventFolder, 20)]
    public void A_log_that_is_a_link_is_refused(string name, int resumedAt)
    {
        using var bystander = new Bystander();
        Bystander.LinkTo(name == MetricLog.FileName ? bystander.File : bystander.Path, _folder.File(name));
        Assert.Contains(name, Assert.Throws<ForeignEntryException>(() => new MetricLog(_folder.Path, resumedAt)).Message, StringComparison.Ordinal);
        File.Delete(_folder.File(name));
        Bystander.LinkTo(Path.Combine(bystander.Path, "new"), _folder.File(name)); // leads to nothing yet
        Assert.Throws<ForeignEntryException>(() => new MetricLog(_folder.Path, resumedAt));
        bystander.AssertUntouched();
    }

    [Fact]
    public void A_second_name_of_a_log_is_another_file_when_it_goes_on()
    {
        using var bystander = new Bystander();
        File.WriteAllText(bystander.File, """{"samples":10,"step":1,"time":"2026-01-01T00:00:00Z","loss":1}""" + "\n");
        var before = File.ReadAllText(bystander.File);
        Bystander.MakeHardLink(bystander.File, _folder.File(MetricLog.FileName));
        using (var log = new MetricLog(_folder.Path, 20))
        {
            WriteLosses(log, 25);
        }

        Assert.Equal([10, 25], MetricLog.Read(_folder.Path).Select(record => record.Samples));
        Assert.Equal(before, File.ReadAllText(bystander.File));
    }

    [Fact]
    public void A_line_without_an_end_takes_no_memory_and_no_other_line()
    {
        var line = """{"samples":10,"step":1,"time":"2026-01-01T00:00:00Z","loss":1}""";
        File.WriteAllText(_folder.File(MetricLog.FileName), line + "\n" + "{\"x\":\"" + new string('x', 20_000_000) + "\"}\n" + line.Replace("10", "20", StringComparison.Ordinal));
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal([10, 20], MetricLog.Read(_folder.Path).Select(record => record.Samples));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 10_000_000);
    }

    [Fact]
    public void Event_files_of_other_programs_stay_where_a_run_begins_anew()
    {
        using (new MetricLog(_folder.Path))
        {
        }

        var other = Path.Combine(_folder.File(MetricLog.EventFolder), "events.out.tfevents.1700000000.host.123.0");
        File.WriteAllText(other, "x");
        using (new MetricLog(_folder.Path))
        {
        }

        Assert.Equal(2, EventFiles().Count);
        Assert.True(File.Exists(other));
    }

    private static void WriteLosses(MetricLog log, params int[] samples) =>
        Array.ForEach(samples, s => log.Write(s, s / 10, new Dictionary<string, double> { ["loss"] = s }));

    private List<string> EventFiles() => [.. Directory.GetFiles(_folder.File(MetricLog.EventFolder), "events.out.tfevents.*").Order(StringComparer.Ordinal)];

    /// <summary>Reads TFRecords, with libtorch's CRC as a second opinion on ours.</summary>
    private static List<Event> ReadEvents(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        var events = new List<Event>();
        for (var position = 0; position < bytes.Length;)
        {
            var length = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(position));
            Assert.Equal(Masked(bytes[position..(position + 8)]), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(position + 8)));
            var data = bytes[(position + 12)..(position + 12 + length)];
            Assert.Equal(Masked(data), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(position + 12 + length)));
            events.Add(Event.Parser.ParseFrom(data));
            position += 16 + length;
        }

        return events;

        static uint Masked(byte[] data)
        {
            var crc = CRC32C.process(data);
            return ((crc >> 15) | (crc << 17)) + 0xA282EAD8;
        }
    }

    private sealed class Clock(long seconds) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeSeconds(seconds);
    }
}
