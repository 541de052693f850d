using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Flip.Data.Images;

namespace Flip.Benchmarks.Loader;

/// <summary>Python with Pillow beside this process, given the same files, crops and size. It works only while it is asked.</summary>
internal sealed class PillowProcess : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("flip-pillow-");
    private readonly Process _process;

    /// <summary>Starts it.</summary>
    /// <param name="python">Program; it must find Pillow.</param>
    /// <param name="photos">Image files.</param>
    /// <param name="crops">The crop of each.</param>
    /// <param name="size">Height and width of the result.</param>
    /// <exception cref="ConfigException">It does not start, or has no Pillow.</exception>
    public PillowProcess(string python, IReadOnlyList<byte[]> photos, IReadOnlyList<CropBox> crops, int size)
    {
        var files = photos.Index().Select(photo => Path.Combine(_folder.FullName, $"{photo.Index}.jpg")).ToList();
        foreach (var (file, photo) in files.Zip(photos))
        {
            File.WriteAllBytes(file, photo);
        }

        var work = Path.Combine(_folder.FullName, "work.json");
        File.WriteAllText(work, JsonSerializer.Serialize(
            new { size, files, crops = crops.Select(crop => new[] { crop.Left, crop.Top, crop.Width, crop.Height }) }, Json));
        try
        {
            _process = Process.Start(new ProcessStartInfo(python, [Path.Combine(AppContext.BaseDirectory, "pillow_loader.py"), work])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            })!;
            Version = _process.StandardOutput.ReadLine() ?? throw new ConfigException($"--pillow {python}: it has no Pillow.");
        }
        catch (Exception e)
        {
            _folder.Delete(recursive: true);
            throw e is System.ComponentModel.Win32Exception ? new ConfigException($"--pillow {python}: {e.Message}") : e;
        }
    }

    /// <summary>Versions of Pillow and of its JPEG library.</summary>
    public string Version { get; }

    /// <summary>Does one pass over the files.</summary>
    /// <returns>Seconds of processor time and of the clock.</returns>
    public (double Cpu, double Clock) Run(string task)
    {
        _process.StandardInput.WriteLine(task);
        _process.StandardInput.Flush();
        var line = _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"Python ended in the task '{task}'.");
        var numbers = line.Split(' ').Select(number => double.Parse(number, CultureInfo.InvariantCulture)).ToArray();
        return (numbers[0], numbers[1]);
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
        _folder.Delete(recursive: true);
    }
}
