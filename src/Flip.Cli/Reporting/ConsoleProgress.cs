using System.Globalization;
using Flip.Progress;
using Spectre.Console;

namespace Flip.Cli.Reporting;

/// <summary>
/// Progress on a console: on a terminal one line that is drawn over and over, with a bar; where the output is redirected a plain line
/// every few seconds, so that a log file stays readable, and the last state at the end. A finished stage is shown at once and its line left, so that
/// what a command writes next comes after it. The line is drawn here because Spectre's
/// live displays hold the thread that starts them until they end. Safe to call from several threads.
/// </summary>
public sealed class ConsoleProgress : IProgressView
{
    private const int BarWidth = 20;
    private const string EraseLine = "\r\u001b[2K";
    private static readonly TimeSpan PlainInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LiveInterval = TimeSpan.FromSeconds(0.1);

    private readonly IAnsiConsole _console;
    private readonly TimeProvider _time;
    private readonly bool _isLive;
    private readonly Lock _gate = new();
    private State? _latest;
    private State? _finished;
    private bool _isLatestShown;
    private DateTimeOffset _shownAt;

    /// <param name="console">Where to write; null for the process's own.</param>
    /// <param name="time">Clock; null for the system's.</param>
    public ConsoleProgress(IAnsiConsole? console = null, TimeProvider? time = null)
    {
        _console = console ?? Consoles.Output();
        _time = time ?? TimeProvider.System;
        _isLive = _console.Profile.Capabilities is { Ansi: true, Interactive: true } && _console.Profile.Out.IsTerminal;
    }

    /// <inheritdoc/>
    public void Report(TrainProgress progress) =>
        Report(new State(progress.Stage, progress.Samples, progress.TotalSamples, () => Describe(progress)));

    /// <inheritdoc/>
    public void Report(ItemProgress progress) =>
        Report(new State(progress.Stage, progress.Done, progress.Total, () => Describe(progress)));

    /// <inheritdoc/>
    public void Message(string text)
    {
        lock (_gate)
        {
            if (_isLive && _latest is not null)
            {
                WriteControl(EraseLine);
                WritePlain(text);
                Show(_latest);
            }
            else
            {
                WritePlain(text);
            }
        }
    }

    /// <summary>Shows the last state, unless it is there already, and leaves it standing.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            EndStage();
        }
    }

    /// <summary>The numbers of a line, as on a log's plain lines.</summary>
    internal static string Describe(TrainProgress p) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Share(p.Samples, p.TotalSamples)}  {p.SamplesPerSecond:#,0.#} samples/s  loss {p.Loss:F4}  "
        + $"lr {p.LearningRate:0.00e-0}  data wait {p.DataWaitShare * 100:0}%  left {Left(p.Remaining)}");

    /// <inheritdoc cref="Describe(TrainProgress)"/>
    internal static string Describe(ItemProgress p) => Share(p.Done, p.Total) + (p.ItemsPerSecond > 0
        ? string.Create(CultureInfo.InvariantCulture, $"  {p.ItemsPerSecond:#,0.#} {p.Items}/s  left {Left(p.Remaining)}")
        : "") // nothing is known at first
        + (p.Note is { } note ? "  " + note : "");

    private static string Share(long done, long total) => string.Create(
        CultureInfo.InvariantCulture, $"{(total > 0 ? (double)done / total : 0) * 100,3:0}%  {Count(done)}/{Count(total)}");

    private void Report(State state)
    {
        lock (_gate)
        {
            if (_finished is not null && state.IsAt(_finished))
            {
                return; // said again
            }

            if (_latest is not null && _latest.Stage != state.Stage)
            {
                EndStage();
            }

            var now = _time.GetUtcNow();
            var isDue = _latest is null || now - _shownAt >= (_isLive ? LiveInterval : PlainInterval);
            _latest = state;
            _isLatestShown = isDue;
            if (isDue)
            {
                _shownAt = now;
                Show(state);
            }

            _finished = null;
            if (state.IsFinished)
            {
                EndStage();
                _finished = state;
            }
        }
    }

    private void EndStage()
    {
        if (_latest is null)
        {
            return;
        }

        if (!_isLatestShown)
        {
            Show(_latest);
        }

        if (_isLive)
        {
            WritePlain(string.Empty);
        }

        _latest = null;
    }

    private void Show(State state)
    {
        var text = state.Describe();
        if (!_isLive)
        {
            WritePlain($"{state.Stage}  {text}");
            return;
        }

        // A line longer than the terminal would wrap, and then not all of it would be drawn over.
        var full = state.Total > 0 ? (int)Math.Clamp(BarWidth * state.Done / state.Total, 0, BarWidth) : 0;
        var room = Math.Max(0, _console.Profile.Width - state.Stage.Length - BarWidth - 4);
        WriteControl(EraseLine);
        _console.Markup(
            $"[bold]{Markup.Escape(state.Stage)}[/] [green]{new string('━', full)}[/][grey]{new string('━', BarWidth - full)}[/] "
            + Markup.Escape(text.Length > room ? text[..room] : text));
    }

    private void WriteControl(string sequence) => _console.Write(new ControlCode(sequence));

    /// <summary>Past Spectre's layout, which would break a line at the 80 columns it assumes of a file, and so past the filter before it.</summary>
    private void WritePlain(string text)
    {
        _console.Profile.Out.Writer.WriteLine(TerminalText.Of(text));
        _console.Profile.Out.Writer.Flush();
    }

    private static string Count(long samples) => samples switch
    {
        >= 1_000_000_000 => (samples / 1e9).ToString("0.00B", CultureInfo.InvariantCulture),
        >= 1_000_000 => (samples / 1e6).ToString("0.00M", CultureInfo.InvariantCulture),
        >= 10_000 => (samples / 1e3).ToString("0.0k", CultureInfo.InvariantCulture),
        _ => samples.ToString(CultureInfo.InvariantCulture),
    };

    private static string Left(TimeSpan time) =>
        time.TotalDays >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{time.Days}d {time:hh\\:mm}")
        : time.TotalHours >= 1 ? time.ToString(@"h\:mm\:ss", CultureInfo.InvariantCulture)
        : time.ToString(@"m\:ss", CultureInfo.InvariantCulture);

    private sealed record State(string Stage, long Done, long Total, Func<string> Describe)
    {
        public bool IsFinished => Total > 0 && Done >= Total;

        public bool IsAt(State other) => (Stage, Done, Total) == (other.Stage, other.Done, other.Total);
    }
}
