using System.Globalization;
using Flip.Conversion.Download;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Flip.Cli.Reporting;

/// <summary>Shows a download: bytes, speed and time left on a terminal; where the output is redirected a line now and then.</summary>
/// <param name="console">Where to.</param>
/// <param name="time">Clock; null for the system's.</param>
internal sealed class DownloadView(IAnsiConsole console, TimeProvider? time = null) : IProgress<DownloadProgress>
{
    private readonly TransferSpeed _speed = new(time ?? TimeProvider.System);
    private ProgressTask? _task;

    /// <summary>Shows the work while it runs.</summary>
    public async Task<T> ShowAsync<T>(Func<Task<T>> work) => await console.Progress()
        .AutoClear(true)
        .Columns(
            new TaskDescriptionColumn { Alignment = Justify.Left },
            new ProgressBarColumn { Width = 20 },
            new PercentageColumn(),
            new DownloadedColumn(),
            new SpeedColumn(_speed))
        .StartAsync(async context =>
        {
            _task = context.AddTask("Asking for the files");
            _task.IsIndeterminate = true;
            return await work();
        });

    /// <inheritdoc/>
    public void Report(DownloadProgress value)
    {
        _speed.Report(value);
        if (_task is { } task)
        {
            task.Description = Markup.Escape(value.IsChecking ? $"Checking {value.File}" : value.File);
            task.IsIndeterminate = value.TotalBytes is null;
            task.MaxValue = Math.Max(1, value.TotalBytes ?? value.Bytes);
            task.Value = value.Bytes;
        }
    }

    /// <summary>Writes a line that stays, above the bar.</summary>
    public void Message(string text) => console.WriteLine(text);

    /// <summary>Speed and time left, as a person reads them.</summary>
    internal static string Describe(double? bytesPerSecond, TimeSpan? remaining) =>
        bytesPerSecond is not { } speed ? string.Empty
            : string.Create(CultureInfo.InvariantCulture, $"{speed / 1e6:0.0} MB/s")
                + (remaining is not { } left ? string.Empty : ", left " + left.ToString(left.TotalHours >= 1 ? @"d\.hh\:mm\:ss" : @"m\:ss", CultureInfo.InvariantCulture));

    private sealed class SpeedColumn(TransferSpeed speed) : ProgressColumn
    {
        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
            new Text(Describe(speed.BytesPerSecond, speed.Remaining));
    }
}
