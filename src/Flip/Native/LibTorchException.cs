namespace Flip.Native;

/// <summary>libtorch cannot be loaded, or refuses a call; the message is one line that says why and, where something can be done, what.</summary>
public sealed class LibTorchException : FlipException
{
    public LibTorchException(string message)
        : base(message)
    {
    }

    public LibTorchException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
