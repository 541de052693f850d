using Flip.Data.Scenes;

namespace Flip.Tests.Cli;

/// <summary>A training of the command on generated pairs, as small as one can be: 8 steps of 16, a checkpoint every two.</summary>
internal sealed class TinyTraining : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly SceneDataset _data;

    public TinyTraining() => _data = SceneDataset.Write(_folder.File("scenes"), 150, 30, seed: 1, imageSize: 64);

    /// <summary>What stands behind <c>flip train</c>, but for the run's folder and the model.</summary>
    public string[] Settings =>
    [
        "--data", _data.Train, "--samples", "8 steps", "--batch-size", "16", "--json", "-s", "train.logEvery=1 steps", "-s", "train.precision=fp32",
        "-s", "train.threads=1", "-s", "train.checkpointEvery=2 steps", "-s", "train.keepCheckpoints=0", "-s", "data.workers=1",
    ];

    /// <summary>The model of a training that begins with new weights.</summary>
    public static string[] Model =>
    [
        "--preset", "tiny", "-s", "model.image.width=32", "-s", "model.image.depth=1", "-s", "model.text.width=32", "-s", "model.text.depth=1",
        "-s", "model.embedDim=16",
    ];

    public string File(string name) => _folder.File(name);

    /// <summary>The weights of a finished run.</summary>
    public static byte[] Weights(string run) => System.IO.File.ReadAllBytes(Path.Combine(run, "model", "model.safetensors"));

    /// <summary>A finished run.</summary>
    public string Train(string name, params string[] more)
    {
        var run = File(name);
        var (code, _, error) = CommandRun.Run(["train", .. Settings, "--run", run, .. more]);
        Assert.True(code == 0, error);
        return run;
    }

    public void Dispose() => _folder.Dispose();
}
