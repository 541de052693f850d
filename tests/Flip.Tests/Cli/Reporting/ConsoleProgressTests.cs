using Flip.Cli.Reporting;
using Flip.Progress;
using Spectre.Console;

namespace Flip.Tests.Cli.Reporting;

public sealed class ConsoleProgressTests : IDisposable
{
    private readonly Clock _clock = new();
    private readonly StringWriter _output = new();

    public void Dispose() => _output.Dispose();

    [Fact]
    public void Redirected_output_gets_a_line_every_few_seconds_and_the_last_state()
    {
        using (var view = new ConsoleProgress(Console(isTerminal: false), _clock))
        {
            for (var second = 0; second <= 12; second++)
            {
                view.Report(At(second));
                _clock.Seconds++;
            }

            view.Message("checkpoint [saved]");
        }

        var lines = _output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["0", "500", "1000", "checkpoint [saved]", "1200"], lines.Select(line => line.StartsWith("train", StringComparison.Ordinal)
            ? line.Split("  ", StringSplitOptions.RemoveEmptyEntries)[2].Split('/')[0]
            : line));
        Assert.Equal(
            "train  48%  1200/2500  100 samples/s  loss 3.5000  lr 1.00e-3  data wait 25%  left 0:13", Collapse(lines[^1]));
        Assert.DoesNotContain('\u001b', _output.ToString());
    }

    [Fact]
    public void A_terminal_gets_one_line_drawn_over_and_over()
    {
        using (var view = new ConsoleProgress(Console(isTerminal: true), _clock))
        {
            view.Report(At(0));
            view.Report(At(1));
            _clock.Seconds++;
            view.Report(At(5));
            view.Message("a message");
        }

        var text = _output.ToString();
        Assert.Contains("a message" + Environment.NewLine, text, StringComparison.Ordinal);
        Assert.Equal(2, text.Split(Environment.NewLine).Length - 1);
        Assert.Contains("500/2500", text, StringComparison.Ordinal);
        Assert.DoesNotContain(" 100/2500", text, StringComparison.Ordinal);
        Assert.Contains('━', text);
        Assert.Contains("\r\u001b[2K", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_new_stage_leaves_the_last_line_of_the_old_one()
    {
        using (var view = new ConsoleProgress(Console(isTerminal: false), _clock))
        {
            view.Report(At(1));
            view.Report(At(2));
            view.Report(At(3) with { Stage = "tune" });
        }

        var lines = _output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["train", "train", "tune"], lines.Select(line => line.Split(' ')[0]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_finished_stage_is_shown_at_once_and_only_once(bool isTerminal)
    {
        using (var view = new ConsoleProgress(Console(isTerminal), _clock))
        {
            view.Report(At(24));
            view.Report(At(25));
            view.Report(At(25));
            view.Message("table");
            view.Report(At(25));
        }

        var text = _output.ToString();
        Assert.Single(text.Split("2500/2500")[1..]);
        Assert.EndsWith("left 0:00" + Environment.NewLine + "table" + Environment.NewLine, text, StringComparison.Ordinal);
    }

    [Fact]
    public void Numbers_that_are_not_finite_and_long_times_are_shown()
    {
        var odd = At(1) with { Loss = double.NaN, TotalSamples = 0, Remaining = TimeSpan.FromHours(50), Samples = 12_800_000_000 };
        var text = ConsoleProgress.Describe(odd);
        Assert.Contains("loss NaN", text, StringComparison.Ordinal);
        Assert.Contains("12.80B/0", text, StringComparison.Ordinal);
        Assert.Contains("left 2d 02:00", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_work_on_items_shows_their_speed_from_where_it_began()
    {
        using (var view = new ConsoleProgress(Console(isTerminal: false), _clock))
        {
            var meter = new ItemMeter(view, "embed", "images", 20_000, _clock);
            meter.Report(5000);
            _clock.Seconds += 10;
            meter.Report(6000);
            Assert.Equal(6000, meter.Done);
        }

        Assert.Equal(
            ["embed   25%  5000/20.0k", "embed   30%  6000/20.0k  100 images/s  left 2:20"],
            _output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
    }

    private static string Collapse(string line) => string.Join("  ", line.Split("  ", StringSplitOptions.RemoveEmptyEntries).Select(part => part.Trim()));

    private static TrainProgress At(int second) => new("train", second * 100, 2500, 3.5, 1e-3, 100, 0.25, TimeSpan.FromSeconds(25 - second));

    private IAnsiConsole Console(bool isTerminal) => AnsiConsole.Create(new AnsiConsoleSettings
    {
        Ansi = isTerminal ? AnsiSupport.Yes : AnsiSupport.No,
        Interactive = isTerminal ? InteractionSupport.Yes : InteractionSupport.No,
        Out = new RecordedOutput(_output, isTerminal),
    });

    private sealed class RecordedOutput(StringWriter writer, bool isTerminal) : IAnsiConsoleOutput
    {
        public TextWriter Writer => writer;

        public bool IsTerminal => isTerminal;

        public int Width => 160;

        public int Height => 25;

        public void SetEncoding(System.Text.Encoding encoding)
        {
        }
    }

    private sealed class Clock : TimeProvider
    {
        public int Seconds { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Seconds;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddSeconds(Seconds);
    }
}
