using System.Diagnostics;

namespace Flip.SlowTests.Native;

/// <summary>Shared libraries for tests, made by gcc.</summary>
internal static class CLibrary
{
    /// <summary>Makes a library; skips the test and says so where there is no gcc.</summary>
    /// <param name="path">Where it goes; its name is what other libraries ask for.</param>
    /// <param name="source">Its source, in C.</param>
    /// <param name="options">More options, such as libraries that it needs.</param>
    public static void Make(string path, string source, params string[] options)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: shared libraries are made with gcc");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        string[] args = ["-shared", "-fPIC", "-Werror", $"-Wl,-soname,{Path.GetFileName(path)}", "-o", path, "-x", "c", "-", "-x", "none", "-Wl,--no-as-needed", .. options];
        using var gcc = Start(args);
        gcc.StandardInput.Write(source);
        gcc.StandardInput.Close();
        var words = gcc.StandardError.ReadToEnd();
        gcc.WaitForExit();
        Assert.True(gcc.ExitCode == 0, words);
    }

    private static Process Start(string[] args)
    {
        try
        {
            return Process.Start(new ProcessStartInfo("gcc", args) { RedirectStandardInput = true, RedirectStandardError = true })!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("needs gcc, which makes the libraries of this test");
            throw;
        }
    }
}
