using System.Text.Json;
using Flip.Devices;
using Flip.Optim;
using Flip.Training;
using static TorchSharp.torch;

namespace Flip.Tasks.Diagnostics;

/// <summary>
/// A hundred steps of a tiny model in fp32, against the losses of the same steps on a processor. Rounding grows from step to step, so what is allowed does:
/// 1e-4 of the loss in the first ten, 2 % in the last.
/// </summary>
internal static class CurveCheck
{
    private const int Steps = 100;
    private const double Rate = 2e-3;

    public static void Run(Device device, Comparison found)
    {
        using var stream = typeof(CurveCheck).Assembly.GetManifestResourceStream("golden.curve.json")!;
        var expected = JsonSerializer.Deserialize<double[]>(stream)!;
        foreach (var (step, loss) in Losses(device).Index())
        {
            var allowed = 1e-4 * Math.Pow(200, Math.Max(0, step - 10) / (double)(Steps - 10));
            found.Add($"the loss of step {step + 1}", expected[step], loss, allowed * expected[step]);
        }
    }

    /// <summary>The losses of the steps, computed as a training does.</summary>
    internal static double[] Losses(Device device)
    {
        using var model = SamplePairs.Model(device);
        using var optimizer = new AdamW(model.Parameters, new AdamWOptions(0.9, 0.95, 1e-8, 0.2));
        var (step, layout) = (new TrainingStep(model, SamplePairs.Config.Train), SamplePairs.Layout(device));
        var losses = new double[Steps];
        for (var i = 0; i < Steps; i++)
        {
            using var scope = NewDisposeScope();
            using var batch = HeldBatch.Of(SamplePairs.Batch(16, 16 * i), 16, layout, 0.5);
            using var pending = step.ComputeGradient(batch);
            var (loss, norm) = pending.Read([GradientNorm.On(model.Parameters.Gradient)]);
            losses[i] = loss.Loss;
            optimizer.Step(Rate, GradientNorm.Scale(norm[0], 1));
            DeviceTraffic.Wait(device); // the batch's memory is written again
        }

        return losses;
    }
}
